//! What a petition went through, as its author and as everybody may read it: two types, so that nothing said to
//! the one can slip to the other.

use crate::domain::{
    act::{Act, DocumentRef},
    event::Event,
    id::AgencyId,
    prose::Prose,
    refusal::Words,
    time::{Day, Instant},
    vocabulary::{Code, ComplexityCriterion, Language, PublicStatus},
};

/// A code with what it is called in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub code: &'static str,
    pub words: Words,
}

/// One entry as everybody may read it: it has no place for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When it took effect.
    pub at: Instant,
    /// The name of the event.
    pub event: Label,
    /// The public status it led to.
    pub status: PublicStatus,
    /// The agency that acted, or that was charged with it.
    pub agency: Option<AgencyId>,
}

/// One entry as the author may read it: no internal note, no name of an official.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    pub mark: Mark,
    /// What is missing, why not, how far it is, what the other body answered.
    pub text: Option<Prose>,
    /// Why it was not taken up, rests or ended.
    pub ground: Option<Label>,
    /// Whom the author should turn to.
    pub guided_to: Option<Prose>,
    /// The body it was passed on to.
    pub passed_to: Option<Prose>,
    /// The last day for the supplement.
    pub answer_by: Option<Day>,
    /// What made it complex.
    pub criteria: Vec<ComplexityCriterion>,
    pub document: Option<DocumentRef>,
}

impl Label {
    /// The label of a code.
    pub fn of<C: Code>(code: C) -> Self {
        let words = Words::new(code.label(Language::Vi), code.label(Language::En));
        Self { code: code.as_str(), words }
    }
}

/// Who may read of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everybody,
    Author,
}

/// The entry of an event for everybody, if it is for everybody.
pub fn for_everybody(event: &Event) -> Option<Mark> {
    let (reach, mark) = mark(event)?;
    (reach == Reach::Everybody).then_some(mark)
}

/// The entry of an event for the author, if it is for the author.
pub fn for_author(event: &Event) -> Option<Happening> {
    let (_, mark) = mark(event)?;
    let mut happening = Happening {
        mark,
        text: None,
        ground: None,
        guided_to: None,
        passed_to: None,
        answer_by: None,
        criteria: Vec::new(),
        document: None,
    };
    fill(&mut happening, &event.record.act);
    Some(happening)
}

fn mark(event: &Event) -> Option<(Reach, Mark)> {
    let act = &event.record.act;
    let (reach, vi, en) = told(act)?;
    let agency = match act {
        Act::Registration(facts) => Some(facts.intake_agency),
        Act::Import(facts) => Some(facts.registration.intake_agency),
        Act::Assignment(facts) => Some(facts.agency_id),
        Act::Transfer(facts) => Some(facts.agency_id),
        Act::Succession(facts) => Some(facts.to),
        _ => event.actor.agency,
    };
    let event_name = Label { code: act.name(), words: Words::new(vi, en) };
    let status = event.record.to.public_status();
    Some((reach, Mark { at: event.occurred_at, event: event_name, status, agency }))
}

/// What is told of an act, and to whom; what is not listed stays inside the administration.
fn told(act: &Act) -> Option<(Reach, &'static str, &'static str)> {
    use Reach::{Author, Everybody};
    Some(match act {
        Act::Registration(_) | Act::Import(_) => (Everybody, "Đã tiếp nhận", "Received"),
        Act::Classification(_) => (Everybody, "Đã phân loại", "Classified"),
        Act::Recalculation(_) => (
            Author,
            "Đã tính lại hạn theo lịch làm việc mới",
            "The deadline was recalculated by a new calendar",
        ),
        Act::Reclassification(_) => (Author, "Đã phân loại lại", "Classified anew"),
        Act::SupplementRequest(_) => (Everybody, "Cần bổ sung", "A supplement is needed"),
        Act::Supplement(_) => (Everybody, "Đã bổ sung", "The supplement came in"),
        Act::SupplementWaiver(_) => (Everybody, "Không cần bổ sung nữa", "No supplement is needed any more"),
        Act::Rejection(_) => (Everybody, "Không thụ lý", "Not taken up"),
        Act::Filing(_) => (Everybody, "Lưu đơn", "Filed without handling"),
        Act::Forwarding(_) => (Everybody, "Đã chuyển cơ quan khác", "Passed on to another body"),
        Act::ForwardingResult(_) => (Everybody, "Nơi nhận đã trả kết quả", "The other body answered"),
        Act::Split(_) => (Everybody, "Đã tách thành nhiều đơn", "Split into several petitions"),
        Act::Merge(_) => (Everybody, "Đã gộp với đơn khác", "Merged with another petition"),
        Act::MergeReversal(_) => (Everybody, "Đã hủy gộp", "The merge was undone"),
        Act::Assignment(_) => (Everybody, "Đã giao xử lý", "Assigned"),
        Act::Transfer(_) => (Everybody, "Đã chuyển đơn vị xử lý", "Transferred"),
        Act::Succession(_) => (Everybody, "Cơ quan kế thừa tiếp nhận", "Taken over by the successor agency"),
        Act::Handover(_) => (Everybody, "Đã đổi người chịu trách nhiệm", "Another person is responsible"),
        Act::Decline(_) => (Everybody, "Chờ giao đơn vị khác", "To be assigned to another agency"),
        Act::Acceptance(_) => (Everybody, "Đã thụ lý", "Taken up"),
        Act::Suspension(_) => (Everybody, "Tạm đình chỉ", "Suspended"),
        Act::Resumption(_) => (Everybody, "Tiếp tục giải quyết", "Resumed"),
        Act::Extension(_) => (Everybody, "Đã gia hạn", "Extended"),
        Act::ProgressNote(facts) if facts.public => (Author, "Tiến độ", "Progress"),
        Act::ReplyApproval(_) => (Everybody, "Đã trả lời", "Answered"),
        Act::ReplyRevision(_) => (Everybody, "Đã sửa đổi trả lời", "The reply was revised"),
        Act::Publication(_) => (Everybody, "Đã công khai trả lời", "The reply was published"),
        Act::Delivery(_) => (Author, "Đã gửi kết quả", "Delivered"),
        Act::Closing(_) => (Everybody, "Đã kết thúc", "Closed"),
        Act::ReconsiderationRequest(_) => (Author, "Đã đề nghị xem xét lại", "Reconsideration was asked for"),
        Act::ReconsiderationDecision(_) => {
            (Author, "Không chấp nhận xem xét lại", "Reconsideration was refused")
        }
        Act::Reopening(_) => (Everybody, "Đã mở lại", "Reopened"),
        Act::Withdrawal(_) => (Everybody, "Đã đề nghị rút", "Withdrawn by its author"),
        Act::Termination(_) => (Everybody, "Đình chỉ", "Terminated"),
        _ => return None,
    })
}

fn fill(happening: &mut Happening, act: &Act) {
    match act {
        Act::SupplementRequest(facts) => {
            happening.text = Some(facts.missing.clone());
            happening.answer_by = Some(facts.answer_by);
        }
        Act::Rejection(facts) => {
            happening.ground = Some(Label::of(facts.ground));
            happening.text = Some(facts.explanation.clone());
            happening.guided_to.clone_from(&facts.guided_to);
        }
        Act::Filing(facts) => {
            happening.ground = Some(Label::of(facts.ground));
            happening.text.clone_from(&facts.explanation);
        }
        Act::Forwarding(facts) => {
            happening.passed_to = Some(facts.receiving_body.clone());
            happening.document = Some(facts.document.clone());
        }
        Act::ForwardingResult(facts) => {
            happening.text = Some(facts.text.clone());
            happening.document = Some(facts.document.clone());
        }
        Act::Suspension(facts) => {
            happening.ground = Some(Label::of(facts.ground));
            happening.text.clone_from(&facts.explanation);
            happening.document = Some(facts.document.clone());
        }
        Act::Termination(facts) => {
            happening.ground = Some(Label::of(facts.ground));
            happening.text.clone_from(&facts.explanation);
            happening.document = Some(facts.document.clone());
        }
        Act::Extension(facts) => {
            happening.criteria.clone_from(&facts.criteria);
            happening.text.clone_from(&facts.reason);
            happening.document = Some(facts.decision.clone());
        }
        Act::ProgressNote(facts) => happening.text = Some(facts.text.clone()),
        Act::ReconsiderationDecision(facts) => happening.text = Some(facts.reasons.clone()),
        _ => {}
    }
}
