//! How petitions come, go and stay: five years of them, more each year, unevenly over agencies, kinds and channels; most
//! are answered in time, some late, some never.

use kiennghi::domain::{
    act::{
        Acceptance, Act, Assignment, Classification, Closing, DocumentRef, Extension, Forwarding, Import,
        Registration, Rejection, ReplyApproval, Resumption, SignedDocument, Suspension, Transfer, Withdrawal,
    },
    clock::ClockOp,
    decide::{closes_at, default_visibility},
    event::Actor,
    id::{AgencyId, OfficialId},
    identifiers::PetitionCode,
    rule::Traits,
    time::{Day, Instant},
    vocabulary::{
        Channel, Complexity, Ground as Why, Kind, Provenance, Stage, State, SubmitterType, SuspensionGround,
        Urgency, Visibility,
    },
};

use crate::{
    Fault,
    dice::Dice,
    ground::Ground,
    life::{Life, Step, handler, text},
};

const DAY: f64 = 86_400_000_000.0;
/// From the first receipt to now.
const YEARS: f64 = 5.0 * 365.25 * DAY;

const KINDS: [(Kind, f64); 6] = [
    (Kind::Feedback, 58.0),
    (Kind::Proposal, 25.0),
    (Kind::Complaint, 8.0),
    (Kind::Denunciation, 4.0),
    (Kind::RegulationFeedback, 3.0),
    (Kind::Suggestion, 2.0),
];
const CHANNELS: [(Channel, f64); 10] = [
    (Channel::MobileApp, 30.0),
    (Channel::WebPortal, 25.0),
    (Channel::CitizenReception, 15.0),
    (Channel::Hotline, 10.0),
    (Channel::Post, 8.0),
    (Channel::VoterContact, 4.0),
    (Channel::Transferred, 3.0),
    (Channel::Email, 2.0),
    (Channel::DialogueConference, 2.0),
    (Channel::SuggestionBox, 1.0),
];
const TITLES: [&str; 8] = [
    "Đèn đường hỏng ở ngõ",
    "Cống tắc, ngập khi mưa ở ngõ",
    "Rác không được thu gom ở tổ",
    "Xây dựng không phép cạnh nhà số",
    "Hồ sơ đất chậm trả kết quả, thửa",
    "Tiếng ồn ban đêm gần ngõ",
    "Mặt đường hư hỏng trước nhà số",
    "Thủ tục hộ tịch kéo dài, hồ sơ",
];

/// How a petition ends.
#[derive(Clone, Copy)]
enum Fate {
    InTime,
    Late,
    /// It lies there still.
    Never,
    Rejected,
    Forwarded,
    Withdrawn,
}

/// A petition as it is told.
struct Story<'g> {
    ground: &'g Ground,
    dice: Dice,
    number: u64,
    at: Instant,
    holder: (AgencyId, OfficialId),
}

/// The life of one petition of so many, up to now.
pub(crate) fn tell(ground: &Ground, number: u64, of: u64) -> Result<Life<'_>, Fault> {
    let mut dice = Dice::of(number);
    let at = received(ground, &mut dice, number as f64 / of as f64);
    let place = dice.skewed(ground.agencies.len());
    let holder = holder(ground, &mut dice, place)?;
    let mut story = Story { ground, dice, number, at, holder };
    let mut life = story.receipt()?;
    // Where much comes in, more is left lying.
    let lying = 0.01 + 0.07 * (1.0 - place as f64 / ground.agencies.len() as f64);
    let fates = [
        (Fate::InTime, 0.80),
        (Fate::Late, 0.12),
        (Fate::Never, lying),
        (Fate::Rejected, 0.02),
        (Fate::Forwarded, 0.02),
        (Fate::Withdrawn, 0.01),
    ];
    let fate = story.dice.weighed(&fates).unwrap_or(Fate::InTime);
    story.goes_on(&mut life, fate)?;
    Ok(life)
}

/// More each year; in working hours, on working days.
fn received(ground: &Ground, dice: &mut Dice, place: f64) -> Instant {
    let share = ((0.36 + 1.6 * place).sqrt() - 0.6) / 0.8;
    let (calendar, zone) = (&ground.reference.calendar, ground.reference.zone());
    let day = ground.now.plus_micros((YEARS * (share - 1.0)) as i64).day(zone);
    let day = if calendar.is_working(day) { day } else { calendar.add_working_days(day, 1) };
    let at = day.start(zone).plus_micros((dice.between(7.5, 17.0) / 24.0 * DAY) as i64);
    at.min(ground.now.plus_micros(-1_000_000))
}

fn holder(ground: &Ground, dice: &mut Dice, place: usize) -> Result<(AgencyId, OfficialId), Fault> {
    let agency = ground.agencies.get(place).ok_or("no agency")?;
    let official =
        agency.officials.get(dice.below(agency.officials.len())).ok_or("an agency without people")?;
    Ok((agency.id, *official))
}

impl<'g> Story<'g> {
    /// Lets so many days pass.
    fn later(&mut self, days: f64) -> Instant {
        self.at = self.at.plus_micros((days * DAY) as i64 + 1_000_000);
        self.at
    }

    fn step(&mut self, actor: Actor, act: impl Into<Act>, to: State, clocks: Vec<ClockOp>) -> Step {
        // One in thirty is recorded days later.
        let delay = if self.dice.happens(0.03) { self.dice.between(1.0, 20.0) * DAY } else { 2_000.0 };
        let recorded_at = self.at.plus_micros(delay as i64).min(self.ground.now);
        Step { at: self.at, recorded_at, actor, act: act.into(), to, clocks }
    }

    fn own(&mut self, act: impl Into<Act>, to: State, clocks: Vec<ClockOp>) -> Step {
        let (agency, official) = self.holder;
        self.step(handler(agency, official), act, to, clocks)
    }

    fn day(&self) -> Day {
        self.at.day(self.ground.reference.zone())
    }

    fn document(&self) -> DocumentRef {
        DocumentRef {
            number: (self.number % 9_973).to_string(),
            symbol: "QĐ-UBND".to_owned(),
            issued_on: self.day(),
        }
    }

    fn text(&self, slot: usize) -> kiennghi::domain::prose::Prose {
        text(self.at, self.number, slot)
    }

    /// Half of them go through an intake of their own, the others come in classified.
    fn receipt(&mut self) -> Result<Life<'g>, Fault> {
        let registration = self.registration()?;
        let traits = Traits {
            kind: registration.kind,
            instance: registration.instance,
            channel: registration.channel,
            submitter_type: registration.submitter_type,
            field_code: registration.field_code.clone(),
            urgency: registration.urgency,
            complexity: Complexity::Normal,
            remote_area: false,
        };
        let intake = self.dice.happens(0.5);
        let (stage, to) =
            if intake { (Stage::Intake, State::Received) } else { (Stage::Resolution, State::Classified) };
        // One in two hundred runs by no clock.
        let clocks = self.ground.start(stage, &traits, self.at).filter(|_| !self.dice.happens(0.005));
        let title = TITLES.get(self.dice.below(TITLES.len())).copied().unwrap_or_default();
        let title = format!("{title} {}", self.number % 400);
        let import =
            Import { registration, source: "million".to_owned(), external_id: self.number.to_string() };
        let step =
            self.step(Actor::system(), Act::Import(Box::new(import)), to, clocks.into_iter().collect());
        Life::begin(self.ground, self.number, &title, step)
    }

    fn registration(&mut self) -> Result<Registration, Fault> {
        let kind = self.dice.weighed(&KINDS).ok_or("no kind")?;
        let channel = self.dice.weighed(&CHANNELS).ok_or("no channel")?;
        let field = self.dice.skewed(self.ground.fields.len());
        let strict = self.dice.happens(0.1);
        let visibility = default_visibility(kind).max(if strict {
            Visibility::PartiesOnly
        } else {
            Visibility::PublicRedacted
        });
        // An odd factor gives each number a code of its own.
        let [.., a, b, c, d, e] = self.number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        Ok(Registration {
            code: PetitionCode::from_bytes([a, b, c, d, e]).as_str().to_owned(),
            kind,
            instance: (kind == Kind::Complaint).then_some(1),
            channel,
            submitter_type: SubmitterType::Individual,
            field_code: self.ground.fields.get(field).ok_or("no field")?.clone(),
            urgency: if self.dice.happens(0.05) { Urgency::Urgent } else { Urgency::Normal },
            remote_area: false,
            visibility,
            provenance: Provenance::Imported,
            intake_agency: self.holder.0,
            received_at: self.at,
            title: self.text(0),
            content: self.text(1),
            location: None,
            incident_at: None,
            incoming_number: Some(self.number.to_string()),
            letter_date: None,
            group_size: None,
            keep_secret: false,
            respondent: None,
            submitter_digest: None,
            keys_digest: None,
            previous: None,
            part_of: None,
            promised_due_at: None,
            promised_due_on: None,
        })
    }

    /// Everything after the receipt, until it ends or now is reached.
    fn goes_on(&mut self, life: &mut Life<'g>, fate: Fate) -> Result<bool, Fault> {
        let reached = self.classification(life)?
            && self.assignment(life)?
            && match fate {
                Fate::Rejected | Fate::Forwarded | Fate::Withdrawn => self.refusal(life, fate)?,
                Fate::InTime | Fate::Late | Fate::Never => self.work(life)? && self.answer(life, fate)?,
            };
        Ok(reached)
    }

    fn classification(&mut self, life: &mut Life<'g>) -> Result<bool, Fault> {
        if life.case.state != State::Received {
            return Ok(true);
        }
        let days = self.dice.between(0.1, 6.0);
        let at = self.later(days);
        let clocked = !life.case.clock_ops.is_empty();
        let start = life.start(Stage::Resolution, life.case.received_at).filter(|_| clocked);
        let meet = clocked.then_some(ClockOp::Meet { stage: Stage::Intake, at });
        let case = &life.case;
        let facts = Classification {
            kind: case.kind,
            instance: case.instance,
            field_code: case.field_code.clone(),
            urgency: case.urgency,
            remote_area: case.remote_area,
            visibility: Some(case.visibility),
            basis_document: None,
            public_title: (case.visibility == Visibility::PublicRedacted).then(|| self.text(2)),
            public_summary: None,
            respondent: None,
        };
        let step = self.own(facts, State::Classified, meet.into_iter().chain(start).collect());
        life.goes_on(step)
    }

    /// Mostly with the agency that received it, else with another; one in fifteen goes on to a third.
    fn assignment(&mut self, life: &mut Life<'g>) -> Result<bool, Fault> {
        let days = self.dice.between(0.05, 2.0);
        self.later(days);
        if self.dice.happens(0.4) {
            self.move_on()?;
        }
        let (agency_id, responsible_id) = self.holder;
        let facts = Assignment { agency_id, responsible_id, supporting: Vec::new(), due_on: None };
        let step = self.own(facts, State::Assigned, Vec::new());
        if !life.goes_on(step)? || !self.dice.happens(0.07) {
            return Ok(self.at <= self.ground.now);
        }
        let days = self.dice.between(0.5, 5.0);
        self.later(days);
        self.move_on()?;
        let (agency_id, responsible_id) = self.holder;
        let facts = Transfer { agency_id, responsible_id, supporting: Vec::new(), reason: self.text(3) };
        let step = self.own(facts, State::Assigned, Vec::new());
        life.goes_on(step)
    }

    fn move_on(&mut self) -> Result<(), Fault> {
        let place = self.dice.skewed(self.ground.agencies.len());
        self.holder = holder(self.ground, &mut self.dice, place)?;
        Ok(())
    }

    fn refusal(&mut self, life: &mut Life<'g>, fate: Fate) -> Result<bool, Fault> {
        let days = self.dice.around(6.0);
        let at = self.later(days);
        let stop = vec![ClockOp::Stop { at, stages: None }];
        let text = self.text(4);
        let step = match fate {
            Fate::Forwarded => {
                let facts = Forwarding { receiving_body: text, document: self.document() };
                self.own(facts, State::Forwarded, stop)
            }
            Fate::Withdrawn => self.own(Withdrawal { reason: text, people: None }, State::Withdrawn, stop),
            _ => {
                let facts = Rejection { ground: Why::NotCompetent, explanation: text, guided_to: None };
                self.own(facts, State::Rejected, stop)
            }
        };
        life.goes_on(step)
    }

    /// Taken up, extended, suspended: each now and then.
    fn work(&mut self, life: &mut Life<'g>) -> Result<bool, Fault> {
        if self.dice.happens(0.4) {
            let days = self.dice.between(0.2, 3.0);
            self.later(days);
            let step = self.own(Acceptance { document: None }, State::InProgress, Vec::new());
            if !life.goes_on(step)? {
                return Ok(false);
            }
        }
        if self.dice.happens(0.05) && !self.rest(life)? {
            return Ok(false);
        }
        if self.dice.happens(0.12) { self.extension(life) } else { Ok(true) }
    }

    /// One in twelve of those that rest is never taken up again.
    fn rest(&mut self, life: &mut Life<'g>) -> Result<bool, Fault> {
        let days = self.dice.between(1.0, 6.0);
        let at = self.later(days);
        let ground = SuspensionGround::AwaitingExpertOpinion;
        let facts = Suspension { ground, explanation: None, document: self.document() };
        let step = self.own(facts, State::Suspended, vec![ClockOp::Pause { at, until: None }]);
        if !life.goes_on(step)? || self.dice.happens(0.08) {
            return Ok(false);
        }
        let days = self.dice.between(5.0, 60.0);
        let at = self.later(days);
        let step = self.own(Resumption { document: None }, State::InProgress, vec![ClockOp::Resume { at }]);
        life.goes_on(step)
    }

    /// To the most that the rule allows, a day or two before the end; one in eight after it.
    fn extension(&mut self, life: &mut Life<'g>) -> Result<bool, Fault> {
        let Some((clock, due)) = life.clock().and_then(|clock| Some((clock.clone(), clock.due?))) else {
            return Ok(true);
        };
        let rule = clock.rule.as_deref().and_then(|id| self.ground.reference.rules.get(id));
        let Some(amount) = rule.and_then(|rule| rule.ceiling) else { return Ok(true) };
        let early =
            if self.dice.happens(0.12) { -self.dice.between(0.5, 8.0) } else { self.dice.between(0.2, 2.0) };
        self.at = due.due_at.plus_micros((-early * DAY) as i64).max(self.at.plus_micros(1_000_000));
        let notified_on = self.day();
        let reason = Some(self.text(5));
        let decision = self.document();
        let facts = Extension {
            criteria: Vec::new(),
            reason,
            decision,
            notified_on,
            amount: Some(amount),
            complexity: None,
        };
        let op = ClockOp::Extend { stage: Stage::Resolution, amount, rule: None };
        let step = self.own(facts, life.case.state, vec![op]);
        life.goes_on(step)
    }

    /// The reply, and the closing thirty days later.
    fn answer(&mut self, life: &mut Life<'g>, fate: Fate) -> Result<bool, Fault> {
        let due = life.clock().and_then(|clock| clock.due).map(|due| due.due_at);
        let left = due.map(|due| (due.micros() - self.at.micros()) as f64 / DAY);
        let days = match (fate, left) {
            (Fate::Never, _) => return Ok(false),
            (Fate::InTime, Some(left)) if left > 0.1 => left * self.dice.share().max(self.dice.share()),
            (Fate::InTime, _) => self.dice.around(3.0),
            (_, left) => left.unwrap_or_default().max(0.0) + self.dice.around(25.0) + 0.05,
        };
        let at = self.later(days);
        // One in twenty replies bears an earlier date than that of its recording.
        let issued_on = self.day().plus_days(if self.dice.happens(0.05) { -3 } else { 0 });
        let document = SignedDocument {
            number: (self.number % 9_973).to_string(),
            symbol: "UBND-VP".to_owned(),
            signer: "Nguyễn Văn Ký".to_owned(),
            issued_on,
        };
        let facts = ReplyApproval { document: Some(document), notice: None, addressee: None };
        let meet = due.map(|_| ClockOp::Meet { stage: Stage::Resolution, at });
        let step = self.own(facts, State::Answered, meet.into_iter().collect());
        if !life.goes_on(step)? {
            return Ok(false);
        }
        self.at = closes_at(at, self.ground.reference.zone());
        let step = self.step(Actor::system(), Closing {}, State::Closed, Vec::new());
        life.goes_on(step)
    }
}
