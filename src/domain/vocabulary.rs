//! The closed vocabularies of the field, each code with its Vietnamese and English label.
//!
//! Terms follow the Law on Complaints 02/2011/QH13, the Law on Denunciations 25/2018/QH14 and the Law on
//! Citizen Reception 42/2013/QH13. The database holds the same codes as tables with foreign keys; a test
//! compares the two.

/// A language an answer can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    Vi,
    En,
}

/// A closed list of codes with labels; implemented by `codes!` only.
pub trait Code: Copy + Eq + std::fmt::Debug + 'static {
    /// Every value, in the order of the list.
    const ALL: &'static [Self];
    /// What the code is called, for error messages: "kind", "channel".
    const NAME: &'static str;
    /// The code as it travels and is stored.
    fn as_str(self) -> &'static str;
    /// The label for people.
    fn label(self, language: Language) -> &'static str;
    /// The value of a code, or nothing.
    fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == code)
    }
}

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident $word:literal { $($(#[$vmeta:meta])* $variant:ident $code:literal $vi:literal $en:literal),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const NAME: &'static str = $word;
            fn as_str(self) -> &'static str { match self { $(Self::$variant => $code),+ } }
            fn label(self, language: Language) -> &'static str {
                match (self, language) { $((Self::$variant, Language::Vi) => $vi, (Self::$variant, Language::En) => $en),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&code).ok_or_else(|| serde::de::Error::unknown_variant(&code, &[$($code),+]))
            }
        }
    )+};
}

pub(super) use codes;

codes! {
    /// What the citizen asks for (LTCD 2.2, LKN 2.1, LTC 2, NĐ 20/2008 art. 1).
    Kind "kind" {
        Proposal "proposal" "Kiến nghị" "Proposal",
        Feedback "feedback" "Phản ánh" "Feedback",
        RegulationFeedback "regulation_feedback" "Phản ánh, kiến nghị về quy định hành chính" "Feedback on a regulation",
        Complaint "complaint" "Khiếu nại" "Complaint",
        Denunciation "denunciation" "Tố cáo" "Denunciation",
        Suggestion "suggestion" "Góp ý, sáng kiến" "Suggestion",
    }
    /// How the petition reached the authority (TT 07/2014 art. 5).
    Channel "channel" {
        DialogueConference "dialogue_conference" "Hội nghị tiếp xúc, đối thoại" "Dialogue conference",
        VoterContact "voter_contact" "Tiếp xúc cử tri" "Voter contact",
        CitizenReception "citizen_reception" "Tiếp công dân" "Citizen reception",
        OnlineReception "online_reception" "Tiếp công dân trực tuyến" "Online reception",
        SuggestionBox "suggestion_box" "Hòm thư góp ý" "Suggestion box",
        Post "post" "Bưu chính" "Post",
        Email "email" "Thư điện tử" "E-mail",
        Hotline "hotline" "Đường dây nóng" "Hotline",
        WebPortal "web_portal" "Cổng thông tin điện tử" "Web portal",
        MobileApp "mobile_app" "Ứng dụng di động" "Mobile app",
        Transferred "transferred" "Cơ quan khác chuyển đến" "Transferred by another body",
        OversightBoard "oversight_board" "Ban giám sát" "Oversight board",
        Press "press" "Báo chí" "Press",
    }
    /// Who speaks (LDC arts. 36–45 for the boards).
    SubmitterType "submitter type" {
        Individual "individual" "Cá nhân" "Individual",
        Group "group" "Nhiều người" "Group",
        Organisation "organisation" "Tổ chức" "Organisation",
        Anonymous "anonymous" "Nặc danh" "Anonymous",
        FatherlandFront "fatherland_front" "Mặt trận Tổ quốc" "Fatherland Front",
        PeopleInspectionBoard "people_inspection_board" "Ban thanh tra nhân dân" "People's inspection board",
        CommunityInvestmentBoard "community_investment_board" "Ban giám sát đầu tư của cộng đồng" "Community investment board",
        PeoplesCouncil "peoples_council" "Hội đồng nhân dân" "People's council",
        Deputy "deputy" "Đại biểu" "Deputy",
    }
    /// How pressing it is.
    Urgency "urgency" {
        Normal "normal" "Bình thường" "Normal",
        Urgent "urgent" "Khẩn" "Urgent",
    }
    /// How hard it is; for complaints and denunciations only an extension sets it (LKN 28, LTC 30).
    Complexity "complexity" {
        Normal "normal" "Bình thường" "Normal",
        Complex "complex" "Phức tạp" "Complex",
        SpeciallyComplex "specially_complex" "Đặc biệt phức tạp" "Specially complex",
    }
    /// Who may see a petition, from the widest to the narrowest; the order is the strictness.
    Visibility "visibility" {
        PublicRedacted "public_redacted" "Công khai (đã lược)" "Public, redacted",
        PartiesOnly "parties_only" "Chỉ các bên" "Parties only",
        Restricted "restricted" "Hạn chế" "Restricted",
    }
    /// Where our record comes from.
    Provenance "provenance" {
        Native "native" "Tiếp nhận tại hệ thống" "Native",
        Mirrored "mirrored" "Đồng bộ từ hệ thống khác" "Mirrored",
        Imported "imported" "Nhập từ dữ liệu cũ" "Imported",
    }
    /// Where a petition is; whether it is late is another axis (`Timeliness`).
    State "state" {
        Received "received" "Đã tiếp nhận" "Received",
        Classified "classified" "Đã phân loại" "Classified",
        Assigned "assigned" "Đã giao xử lý" "Assigned",
        InProgress "in_progress" "Đang xử lý" "In progress",
        AwaitingApproval "awaiting_approval" "Chờ duyệt trả lời" "Awaiting approval",
        Answered "answered" "Đã trả lời" "Answered",
        Closed "closed" "Đã kết thúc" "Closed",
        AwaitingSupplement "awaiting_supplement" "Chờ bổ sung" "Awaiting supplement",
        Suspended "suspended" "Tạm đình chỉ" "Suspended",
        Rejected "rejected" "Không thụ lý" "Rejected",
        Forwarded "forwarded" "Đã chuyển cơ quan khác" "Forwarded",
        Merged "merged" "Đã gộp" "Merged",
        Split "split" "Đã tách" "Split",
        Filed "filed" "Lưu đơn" "Filed",
        Withdrawn "withdrawn" "Đã rút" "Withdrawn",
        Terminated "terminated" "Đình chỉ" "Terminated",
    }
    /// The seven words a citizen reads.
    PublicStatus "public status" {
        Waiting "waiting" "Chờ tiếp nhận" "Waiting",
        InProgress "in_progress" "Đang giải quyết" "In progress",
        NeedsYou "needs_you" "Cần bạn bổ sung" "Needs you",
        Answered "answered" "Đã trả lời" "Answered",
        Refused "refused" "Không thụ lý" "Refused",
        PassedOn "passed_on" "Đã chuyển" "Passed on",
        Ended "ended" "Đã kết thúc" "Ended",
    }
    /// Who acts; a person's roles come from grants, the last five are no grants.
    Role "role" {
        Intake "intake" "Cán bộ tiếp nhận" "Intake officer",
        Coordinator "coordinator" "Cán bộ điều phối" "Coordinator",
        Handler "handler" "Cán bộ xử lý" "Handler",
        Approver "approver" "Người ký duyệt" "Approver",
        Auditor "auditor" "Người giám sát" "Auditor",
        Admin "admin" "Quản trị" "Administrator",
        Client "client" "Hệ thống tích hợp" "API client",
        Citizen "citizen" "Công dân" "Citizen",
        Supporting "supporting" "Cơ quan phối hợp" "Supporting agency",
        System "system" "Hệ thống" "System",
    }
    /// Which stretch of the procedure a clock measures.
    Stage "stage" {
        Intake "intake" "Tiếp nhận, thụ lý" "Intake",
        Resolution "resolution" "Giải quyết" "Resolution",
        Forwarding "forwarding" "Chuyển đơn" "Forwarding",
        Delivery "delivery" "Gửi kết quả" "Delivery",
        Publication "publication" "Công khai" "Publication",
        Reconsideration "reconsideration" "Xem xét lại" "Reconsideration",
    }
    /// What a rule counts from.
    StartEvent "start event" {
        Receipt "receipt" "Ngày nhận" "Receipt",
        Acceptance "acceptance" "Ngày thụ lý" "Acceptance",
        BasisDocument "basis_document" "Ngày văn bản làm căn cứ" "Basis document",
        Answer "answer" "Ngày trả lời" "Answer",
        Request "request" "Ngày đề nghị" "Request",
    }
    /// What an amount is counted in.
    Unit "unit" {
        WorkingHours "working_hours" "giờ làm việc" "working hours",
        WorkingDays "working_days" "ngày làm việc" "working days",
        CalendarDays "calendar_days" "ngày" "calendar days",
    }
    /// What a supplement does to a paused clock (NĐ 61/2018 art. 19.4 restarts a dossier from zero).
    OnSupplement "effect of a supplement" {
        Pause "pause" "Tính tiếp" "Resume",
        Restart "restart" "Tính lại từ đầu" "Restart",
    }
    /// Where a due date comes from.
    Basis "basis" {
        Rule "rule" "Theo quy định" "By rule",
        Stated "stated" "Theo nguồn dữ liệu" "Stated by the source",
        Decided "decided" "Theo quyết định" "Decided",
    }
    /// How sure we are of a rule or a calendar day: seen in the text, seen in a copy, from memory, uncertain, policy.
    Confidence "confidence" {
        Seen "seen" "Đã đối chiếu văn bản" "Seen in the text",
        Secondary "secondary" "Theo bản sao" "Seen in a secondary copy",
        Memory "memory" "Theo trí nhớ" "From memory",
        Uncertain "uncertain" "Chưa chắc chắn" "Uncertain",
        Policy "policy" "Quy định nội bộ" "Policy of this installation",
    }
    /// How a clock stands.
    Timeliness "timeliness" {
        None "none" "Không tính hạn" "No clock",
        OnTrack "on_track" "Trong hạn" "On track",
        DueSoon "due_soon" "Sắp đến hạn" "Due soon",
        Overdue "overdue" "Quá hạn" "Overdue",
        Paused "paused" "Tạm dừng tính hạn" "Paused",
        Met "met" "Đúng hạn" "Met",
        Missed "missed" "Trễ hạn" "Missed",
    }
    /// What kind of day an entry of the calendar makes.
    DayKind "kind of day" {
        Holiday "holiday" "Nghỉ lễ" "Public holiday",
        Compensatory "compensatory" "Nghỉ bù" "Compensatory day off",
        SwapOff "swap_off" "Nghỉ hoán đổi" "Swapped day off",
        SwapWork "swap_work" "Làm bù" "Make-up working day",
    }
    /// What a written reply says: the first four for proposals and the like, the last three for complaints and denunciations.
    Outcome "outcome" {
        Resolved "resolved" "Đã giải quyết" "Resolved",
        Planned "planned" "Theo lộ trình" "Planned",
        Explained "explained" "Giải trình, cung cấp thông tin" "Explained",
        NotFeasible "not_feasible" "Không khả thi" "Not feasible",
        Upheld "upheld" "Đúng" "Upheld",
        PartlyUpheld "partly_upheld" "Đúng một phần" "Partly upheld",
        Dismissed "dismissed" "Sai" "Dismissed",
    }
    /// How sure we are who the submitter is.
    Assurance "assurance" {
        Anonymous "anonymous" "Nặc danh" "Anonymous",
        Declared "declared" "Tự khai" "Declared",
        Otp "otp" "Xác thực OTP" "One-time password",
        Vneid "vneid" "VNeID" "VNeID",
        InPerson "in_person" "Trực tiếp" "In person",
    }
    /// How two petitions belong together.
    LinkKind "kind of link" {
        Repeat "repeat" "Gửi lại" "Repeat",
        SecondInstance "second_instance" "Lần hai" "Second instance",
        Duplicate "duplicate" "Trùng" "Duplicate",
        Part "part" "Phần tách ra" "Part",
        FollowUp "follow_up" "Tiếp theo" "Follow-up",
    }
    /// The tier of an agency (two tiers since 1 July 2025, districts before).
    Level "level" {
        Central "central" "Trung ương" "Central",
        Province "province" "Cấp tỉnh" "Province",
        Department "department" "Sở, ngành" "Department",
        District "district" "Cấp huyện (trước 1/7/2025)" "District, until 30 June 2025",
        Commune "commune" "Cấp xã" "Commune",
        Unit "unit" "Đơn vị trực thuộc" "Unit",
    }
    /// What the citizen thinks of the answer.
    Satisfaction "satisfaction" {
        Satisfied "satisfied" "Hài lòng" "Satisfied",
        Acceptable "acceptable" "Chấp nhận" "Acceptable",
        Dissatisfied "dissatisfied" "Không hài lòng" "Dissatisfied",
    }
    /// What can be done to a petition; the code is the last segment of its path.
    Action "action" {
        Classification "classification" "Phân loại" "Classify",
        Reclassification "reclassification" "Phân loại lại" "Reclassify",
        Correction "correction" "Đính chính" "Correct",
        SupplementRequest "supplement-request" "Yêu cầu bổ sung" "Ask for a supplement",
        Supplement "supplement" "Bổ sung" "Supply",
        SupplementWaiver "supplement-waiver" "Bỏ yêu cầu bổ sung" "Waive the supplement",
        Rejection "rejection" "Không thụ lý" "Reject",
        Filing "filing" "Lưu đơn" "File",
        Forwarding "forwarding" "Chuyển đơn" "Forward",
        ForwardingResult "forwarding-result" "Kết quả chuyển đơn" "Record the result of forwarding",
        Split "split" "Tách đơn" "Split",
        Merge "merge" "Gộp đơn" "Merge",
        MergeReversal "merge-reversal" "Hủy gộp" "Undo the merge",
        Assignment "assignment" "Giao xử lý" "Assign",
        Transfer "transfer" "Chuyển xử lý" "Transfer",
        Handover "handover" "Bàn giao người xử lý" "Hand over",
        Decline "decline" "Từ chối xử lý" "Decline",
        Acceptance "acceptance" "Thụ lý" "Accept",
        Suspension "suspension" "Tạm đình chỉ" "Suspend",
        Resumption "resumption" "Tiếp tục giải quyết" "Resume",
        Extension "extension" "Gia hạn" "Extend",
        ProgressNote "progress-note" "Ghi tiến độ" "Note progress",
        ReplyDraft "reply-draft" "Soạn trả lời" "Draft the reply",
        ReplySubmission "reply-submission" "Trình duyệt trả lời" "Submit the reply",
        ReplyReturn "reply-return" "Trả lại dự thảo" "Return the draft",
        ReplyApproval "reply-approval" "Duyệt trả lời" "Approve the reply",
        ReplyRevision "reply-revision" "Sửa đổi trả lời" "Revise the reply",
        Publication "publication" "Công khai" "Publish",
        Takedown "takedown" "Gỡ công khai" "Take down",
        Delivery "delivery" "Gửi kết quả" "Deliver",
        Closing "closing" "Kết thúc" "Close",
        ReconsiderationRequest "reconsideration-request" "Đề nghị xem xét lại" "Ask for reconsideration",
        ReconsiderationDecision "reconsideration-decision" "Quyết định về đề nghị xem xét lại" "Decide on reconsideration",
        Reopening "reopening" "Mở lại" "Reopen",
        Withdrawal "withdrawal" "Rút đơn" "Withdraw",
        Termination "termination" "Đình chỉ" "Terminate",
        Urging "urging" "Đôn đốc" "Urge",
        Escalation "escalation" "Báo cáo vượt cấp" "Escalate",
        Rating "rating" "Đánh giá" "Rate",
    }
    /// Why a petition is not taken up or is filed (LKN 11, LTC 29, TT 05/2021 art. 6).
    Ground "ground" {
        NotCompetent "not_competent" "Không thuộc thẩm quyền" "Not competent",
        InternalAct "internal_act" "Quyết định, hành vi nội bộ" "Internal act",
        NotDirectlyAffected "not_directly_affected" "Không liên quan trực tiếp" "Not directly affected",
        NoCapacityNoRepresentative "no_capacity_no_representative" "Không có năng lực, không có người đại diện" "No capacity and no representative",
        InvalidRepresentative "invalid_representative" "Người đại diện không hợp pháp" "Invalid representative",
        Unsigned "unsigned" "Không có chữ ký hoặc điểm chỉ" "Unsigned",
        TimeBarred "time_barred" "Hết thời hiệu" "Time-barred",
        SecondDecisionExists "second_decision_exists" "Đã có quyết định lần hai" "A second decision exists",
        TerminatedNotResumed "terminated_not_resumed_30d" "Đã đình chỉ quá 30 ngày" "Terminated and not resumed within 30 days",
        InCourt "in_court" "Tòa án đã thụ lý" "In court",
        DerivedFromResolvedComplaint "derived_from_resolved_complaint" "Phát sinh từ khiếu nại đã giải quyết" "Derived from a resolved complaint",
        NoIdentifiableViolation "no_identifiable_violation" "Không xác định được hành vi vi phạm" "No identifiable violation",
        Anonymous "anonymous" "Nặc danh, không có chứng cứ" "Anonymous without evidence",
        MissingParticulars "missing_particulars" "Thiếu ngày, họ tên, địa chỉ" "Date, name or address missing",
        ForeignLanguage "foreign_language" "Tiếng nước ngoài, chưa dịch" "Foreign language without translation",
        AlreadyWithCompetentBody "already_with_competent_body" "Đã gửi cơ quan có thẩm quyền" "Already with the competent body",
        AlreadyGuided "already_guided" "Đã được hướng dẫn" "Already guided once",
        SettledAndRepeated "settled_and_repeated" "Đã giải quyết, gửi lại" "Settled and repeated",
        Abusive "abusive" "Xúc phạm, không nghiêm túc" "Abusive or not serious",
        Other "other" "Lý do khác" "Other",
    }
    /// Why a procedure rests (LKN 11a, LTC 34; NĐ 155/2026 art. 12).
    SuspensionGround "ground of suspension" {
        ForceMajeure "force_majeure" "Bất khả kháng" "Force majeure",
        ObjectiveObstacle "objective_obstacle" "Trở ngại khách quan" "Objective obstacle",
        AwaitingOtherResult "awaiting_other_result" "Chờ kết quả của cơ quan khác" "Awaiting another body's result",
        AwaitingExpertOpinion "awaiting_expert_opinion" "Chờ giám định" "Awaiting an expert opinion",
    }
    /// Why a procedure ends without an answer (LKN 10, LTC 34).
    TerminationGround "ground of termination" {
        SubjectDeceased "subject_deceased" "Người gửi hoặc người bị tố cáo đã chết" "A party died",
        AllWithdrew "all_withdrew" "Tất cả đã rút" "All withdrew",
        NoLongerRelevant "no_longer_relevant" "Không còn đối tượng giải quyết" "No longer relevant",
        SettledElsewhere "settled_elsewhere" "Đã giải quyết ở nơi khác" "Settled elsewhere",
        NoSupplement "no_supplement" "Không bổ sung trong thời hạn" "Nothing supplied in time",
    }
    /// What makes a case complex (NĐ 31/2019 art. 3.2, NĐ 155/2026 art. 3a).
    ComplexityCriterion "criterion" {
        SeveralPlaces "several_places" "Xác minh từ hai nơi trở lên" "Two or more places to verify",
        SeveralContents "several_contents" "Từ hai nội dung trở lên" "Two or more contents",
        ManyPeople "many_people" "Nhiều người, nhiều lợi ích" "Many people or interests",
        ForeignElement "foreign_element" "Có yếu tố nước ngoài" "Foreign element",
        SeveralAgencies "several_agencies" "Nhiều cơ quan quản lý" "Several agencies' remit",
        AgenciesDisagree "agencies_disagree" "Các cơ quan còn ý kiến khác nhau" "Agencies disagree",
        ConflictingEvidence "conflicting_evidence" "Chứng cứ mâu thuẫn" "Conflicting evidence",
    }
    /// How an answer reached the citizen.
    DeliveryMethod "method of delivery" {
        Post "post" "Bưu chính" "Post",
        InPerson "in_person" "Trực tiếp" "In person",
        Email "email" "Thư điện tử" "E-mail",
        Online "online" "Trực tuyến" "Online",
        PublicPosting "public_posting" "Niêm yết" "Public posting",
    }
}

mod telling;

pub use telling::{Anchor, ExportFormat, ExportState, NotificationKind, Recipient, ReminderLevel};

impl Kind {
    /// Complaints and denunciations run under their own laws: verdicts, extension by complexity, no public page.
    pub fn is_contentious(self) -> bool {
        matches!(self, Self::Complaint | Self::Denunciation)
    }

    /// Whether this kind may answer with a signed notice instead of a numbered document.
    pub fn may_answer_by_notice(self) -> bool {
        matches!(self, Self::Feedback | Self::Suggestion)
    }
}

impl Outcome {
    /// Whether the outcome fits the kind: verdicts for complaints and denunciations, results for the others.
    pub fn fits(self, kind: Kind) -> bool {
        matches!(self, Self::Upheld | Self::PartlyUpheld | Self::Dismissed) == kind.is_contentious()
    }
}
