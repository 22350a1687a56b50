//! Decisions at reception: classification, correction, supplement, split, merge.

use super::{
    Checks, Decision, Turn,
    checks::{CONTENT, MANY, REASON, TITLE},
    default_visibility,
};
use crate::domain::{
    act::{Act, Classification, Correction, Merge, Reclassification, Split, SupplementRequest},
    clock::ClockOp,
    petition::Case,
    refusal::{FieldError, Refusal},
    time::Day,
    vocabulary::{Kind, OnSupplement, Provenance, Role, Stage, StartEvent, State, Visibility},
};

impl Turn<'_> {
    pub(super) fn intake(&self, mut plan: Decision) -> Result<Decision, Refusal> {
        match &mut plan.act {
            Act::Classification(facts) => plan.clocks = self.classify(facts)?,
            Act::Reclassification(facts) => plan.clocks = self.reclassify(facts)?,
            Act::Correction(facts) => plan.clocks = self.correct(facts)?,
            Act::SupplementRequest(facts) => plan.clocks = self.ask(facts)?,
            Act::Supplement(facts) => {
                let mut checks = Checks::default();
                checks.text("/text", &facts.text, CONTENT);
                checks.finish()?;
                plan.clocks = self.supplied();
            }
            Act::SupplementWaiver(facts) => {
                let actor = &self.context.actor;
                let asker = self.case.wanted.as_ref().map(|wanted| &wanted.asked_by);
                let mine =
                    asker.is_some_and(|asker| asker.role == actor.role && asker.official == actor.official);
                if actor.role != Role::Intake && !mine {
                    return Err(Refusal::guard(
                        "not_the_asker",
                        "Chỉ người đã yêu cầu bổ sung hoặc cán bộ tiếp nhận được bỏ yêu cầu.",
                        "Only who asked for the supplement, or intake, may waive it.",
                    ));
                }
                let mut checks = Checks::default();
                checks.text("/reason", &facts.reason, REASON);
                checks.finish()?;
                plan.clocks = vec![ClockOp::Resume { at: self.at }];
            }
            Act::Split(facts) => plan.clocks = self.split(facts)?,
            Act::Merge(facts) => plan.clocks = self.merge(facts)?,
            Act::MergeReversal(facts) => {
                let mut checks = Checks::default();
                checks.text("/reason", &facts.reason, REASON);
                checks.finish()?;
                // Taking the merge back also grants a request to look at it again.
                plan.clocks = vec![ClockOp::Unstop];
                plan.clocks.extend(self.meet_reconsideration());
            }
            _ => {}
        }
        Ok(plan)
    }

    fn today(&self) -> Day {
        self.context.now.day(self.zone())
    }

    fn classify(&self, facts: &mut Classification) -> Result<Vec<ClockOp>, Refusal> {
        facts.visibility = Some(facts.visibility.unwrap_or_else(|| default_visibility(facts.kind)));
        let mut changed = self.case.clone();
        changed.kind = facts.kind;
        changed.instance = facts.instance;
        changed.field_code.clone_from(&facts.field_code);
        changed.urgency = facts.urgency;
        changed.remote_area = facts.remote_area;
        let mut checks = Checks::default();
        self.check_kind(&mut checks, facts.kind, facts.instance, facts.visibility);
        checks.require(
            self.context.known.field_exists,
            "/field_code",
            "unknown_code",
            "Không có lĩnh vực này; xem /v1/reference.",
            "There is no such field; see /v1/reference.",
        );
        checks.optional_document("/basis_document", facts.basis_document.as_ref(), self.today());
        checks.optional("/public_summary", facts.public_summary.as_ref(), REASON);
        if let Some(title) = &facts.public_title {
            checks.title("/public_title", title);
        }
        let public = facts.visibility == Some(Visibility::PublicRedacted);
        check_public_words(&mut checks, public, facts.public_title.is_some(), facts.public_summary.is_some());
        self.check_respondent(&mut checks);
        let basis = facts.basis_document.as_ref().map(|document| document.issued_on);
        checks.require(
            basis.is_some() || !self.counts_from_document(&changed),
            "/basis_document",
            "required",
            "Thời hạn của đơn này tính từ một văn bản (như thông báo kết luận): hãy nêu số, ký hiệu, ngày.",
            "The deadline of this petition counts from a document (such as a conclusion notice): give its number, symbol and date.",
        );
        checks.finish()?;
        Ok(self.reselect(&changed, basis))
    }

    /// Whether the rule that will be selected starts at a document nobody has named yet.
    fn counts_from_document(&self, changed: &Case) -> bool {
        let on = changed.round_from.day(self.zone());
        let rule = self.context.rules.select(Stage::Resolution, &changed.traits(), on);
        changed.round == 1
            && changed.provenance != Provenance::Imported
            && changed.basis_on.is_none()
            && rule.is_some_and(|rule| rule.start_event == StartEvent::BasisDocument)
    }

    fn check_respondent(&self, checks: &mut Checks) {
        checks.require(
            self.context.known.named_exist,
            "/respondent",
            "unknown",
            "Không có cơ quan hoặc cán bộ này.",
            "There is no such agency or official.",
        );
    }

    /// Instance and visibility that go with a kind: only complaints have an instance, denunciations stay sealed.
    fn check_kind(
        &self,
        checks: &mut Checks,
        kind: Kind,
        instance: Option<u8>,
        visibility: Option<Visibility>,
    ) {
        checks.add(check_instance("/instance", kind, instance));
        checks.require(
            kind != Kind::Denunciation
                || visibility.is_none_or(|visibility| visibility == Visibility::Restricted),
            "/visibility",
            "must_be_restricted",
            "Tố cáo luôn ở chế độ hạn chế.",
            "A denunciation is always restricted.",
        );
        checks.require(
            kind != Kind::Complaint || visibility != Some(Visibility::PublicRedacted),
            "/visibility",
            "not_public",
            "Khiếu nại không được công khai; chọn parties_only hoặc restricted.",
            "A complaint is not public; take parties_only or restricted.",
        );
    }

    fn reclassify(&self, facts: &mut Reclassification) -> Result<Vec<ClockOp>, Refusal> {
        let kind = facts.kind.unwrap_or(self.case.kind);
        let becomes_denunciation = kind == Kind::Denunciation && self.case.kind != Kind::Denunciation;
        if becomes_denunciation && facts.visibility.is_none() {
            facts.visibility = Some(Visibility::Restricted);
        }
        let over = !self.case.state.is_open();
        let visibility = facts.visibility.unwrap_or(self.case.visibility);
        // A denunciation discovered late is sealed as one, so that its respondent is kept out.
        let other = facts.field_code.is_some() || facts.instance.is_some();
        let other = other || (facts.kind.is_some() && !becomes_denunciation);
        if over && (other || visibility <= self.case.visibility) {
            return Err(Refusal::guard(
                "only_stricter",
                "Sau khi kết thúc chỉ được chuyển sang chế độ xem chặt hơn.",
                "Once it is over, only a stricter visibility is possible.",
            ));
        }
        let mut checks = Checks::default();
        checks.text("/reason", &facts.reason, REASON);
        let instance =
            if facts.kind.is_some() { facts.instance } else { facts.instance.or(self.case.instance) };
        self.check_kind(&mut checks, kind, instance, Some(visibility));
        checks.require(
            facts.field_code.is_none() || self.context.known.field_exists,
            "/field_code",
            "unknown_code",
            "Không có lĩnh vực này; xem /v1/reference.",
            "There is no such field; see /v1/reference.",
        );
        checks.require(
            facts.kind.is_some()
                || facts.instance.is_some()
                || facts.field_code.is_some()
                || facts.visibility.is_some()
                || facts.respondent.is_some(),
            "",
            "nothing_to_change",
            "Cần ít nhất một thay đổi.",
            "At least one change is needed.",
        );
        checks.optional("/public_summary", facts.public_summary.as_ref(), REASON);
        let has_title = facts.public_title.is_some() || self.case.public_title.is_some();
        let has_summary = facts.public_summary.is_some() || self.case.public_summary.is_some();
        // What was taken down, or never classified, is not public; only who makes it public brings the words.
        let public = facts.visibility == Some(Visibility::PublicRedacted);
        check_public_words(&mut checks, public, has_title, has_summary);
        self.check_respondent(&mut checks);
        if let Some(title) = &facts.public_title {
            checks.title("/public_title", title);
        }
        checks.finish()?;
        if over {
            return Ok(Vec::new());
        }
        let mut changed = self.case.clone();
        changed.kind = kind;
        changed.instance = instance;
        changed.field_code = facts.field_code.clone().unwrap_or(changed.field_code);
        Ok(self.reselect(&changed, None))
    }

    fn correct(&self, facts: &Correction) -> Result<Vec<ClockOp>, Refusal> {
        let mut checks = Checks::default();
        checks.text("/reason", &facts.reason, REASON);
        if let Some(title) = &facts.title {
            checks.title("/title", title);
        }
        checks.optional("/content", facts.content.as_ref(), CONTENT);
        if let Some(number) = &facts.incoming_number {
            checks.line("/incoming_number", number, TITLE);
        }
        if let Some(day) = facts.letter_date {
            checks.not_after("/letter_date", day, self.today());
        }
        checks.require(
            facts.group_size.is_none_or(|size| (self.case.withdrawn.max(1)..=100_000).contains(&size)),
            "/group_size",
            "out_of_range",
            "Số người từ 1 đến 100.000, không ít hơn số người đã rút.",
            "Between 1 and 100,000 people, not fewer than have withdrawn.",
        );
        let none = facts.title.is_none()
            && facts.content.is_none()
            && facts.channel.is_none()
            && facts.submitter_type.is_none()
            && facts.urgency.is_none()
            && facts.remote_area.is_none()
            && facts.incoming_number.is_none()
            && facts.letter_date.is_none()
            && facts.group_size.is_none();
        checks.require(
            !none,
            "",
            "nothing_to_change",
            "Cần ít nhất một thay đổi.",
            "At least one change is needed.",
        );
        checks.finish()?;
        let mut changed = self.case.clone();
        changed.channel = facts.channel.unwrap_or(changed.channel);
        changed.submitter_type = facts.submitter_type.unwrap_or(changed.submitter_type);
        changed.urgency = facts.urgency.unwrap_or(changed.urgency);
        changed.remote_area = facts.remote_area.unwrap_or(changed.remote_area);
        Ok(self.reselect(&changed, None))
    }

    fn ask(&self, facts: &SupplementRequest) -> Result<Vec<ClockOp>, Refusal> {
        let mut checks = Checks::default();
        checks.text("/missing", &facts.missing, REASON);
        checks.require(
            facts.answer_by > self.today() && facts.answer_by <= self.today().plus_days(366),
            "/answer_by",
            "out_of_range",
            "Hạn bổ sung phải sau hôm nay và trong vòng một năm.",
            "The day to answer by must be after today and within a year.",
        );
        checks.finish()?;
        let until = facts.answer_by.end(self.zone());
        Ok(vec![ClockOp::Pause { at: self.at, until: Some(until) }])
    }

    /// A supplement lets the clocks go on, or begin anew where the rule says so (NĐ 61/2018 art. 19.4).
    fn supplied(&self) -> Vec<ClockOp> {
        let restarts = |clock: &crate::domain::clock::Clock| {
            let rule = clock.rule.as_deref().and_then(|rule| self.context.rules.get(rule));
            rule.is_some_and(|rule| rule.on_supplement == OnSupplement::Restart)
        };
        let live = [Stage::Resolution, Stage::Intake].into_iter().find_map(|stage| self.live(stage));
        match live {
            Some(clock) if restarts(&clock) => vec![ClockOp::Restart { at: self.at }],
            _ => vec![ClockOp::Resume { at: self.at }],
        }
    }

    fn split(&self, facts: &Split) -> Result<Vec<ClockOp>, Refusal> {
        let mut checks = Checks::default();
        checks.optional("/reason", facts.reason.as_ref(), REASON);
        checks.require(
            (2..=MANY).contains(&facts.parts.len()),
            "/parts",
            "out_of_range",
            "Tách thành ít nhất hai phần.",
            "Split into at least two parts.",
        );
        checks.finish()?;
        Ok(self.end(&[Stage::Intake]))
    }

    fn merge(&self, facts: &Merge) -> Result<Vec<ClockOp>, Refusal> {
        let Some(survivor) = self.context.known.survivor.as_deref() else {
            return Err(no_survivor());
        };
        self.guard_survivor(survivor)?;
        let mut checks = Checks::default();
        checks.optional("/reason", facts.reason.as_ref(), REASON);
        checks.finish()?;
        Ok(self.end(&[Stage::Intake]))
    }

    fn guard_survivor(&self, survivor: &Case) -> Result<(), Refusal> {
        let alive = survivor.state.is_open() || survivor.state == State::Answered;
        if survivor.id == self.case.id || !alive {
            return Err(Refusal::guard(
                "survivor_not_open",
                "Đơn nhận gộp phải khác đơn này, đang mở hoặc đã trả lời, và chưa bị gộp.",
                "The survivor must be another petition that is open or answered, and not merged itself.",
            ));
        }
        if survivor.visibility != self.case.visibility {
            return Err(Refusal::guard(
                "survivor_visibility",
                "Hai đơn phải cùng chế độ xem.",
                "Both petitions must have the same visibility.",
            ));
        }
        Ok(())
    }
}

fn no_survivor() -> Refusal {
    Refusal::field("/survivor", "unknown", "Không có đơn này.", "There is no such petition.")
}

/// A public petition has its own words for everybody.
fn check_public_words(checks: &mut Checks, public: bool, has_title: bool, has_summary: bool) {
    for (given, pointer) in [(has_title, "/public_title"), (has_summary, "/public_summary")] {
        checks.require(
            !public || given,
            pointer,
            "required",
            "Đơn công khai cần tiêu đề và tóm tắt riêng cho người dân, không có dữ liệu cá nhân.",
            "A public petition needs its own title and summary for everybody, without personal data.",
        );
    }
}

/// Only complaints have an instance, and they have one: 1 or 2 (LKN 7).
pub(crate) fn check_instance(pointer: &str, kind: Kind, instance: Option<u8>) -> Option<FieldError> {
    match (kind, instance) {
        (Kind::Complaint, Some(1 | 2)) => None,
        (Kind::Complaint, _) => Some(FieldError::new(
            pointer,
            "required",
            "Khiếu nại cần cấp giải quyết: 1 hoặc 2.",
            "A complaint needs its instance: 1 or 2.",
        )),
        (_, None) => None,
        _ => Some(FieldError::new(
            pointer,
            "not_allowed",
            "Chỉ khiếu nại mới có cấp giải quyết.",
            "Only a complaint has an instance.",
        )),
    }
}
