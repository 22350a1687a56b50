//! Many petitions at known times, for what reads many at once; and numbers that look random but are the same each run.

use kiennghi::{
    app::{
        clock::new_id,
        history::{self, Entry, Opening},
    },
    domain::{
        act::{Act, Import, ImportUpdate, Registration},
        clock::ClockOp,
        decide::Decision,
        event::Actor,
        id::{AgencyId, PetitionId},
        prose::Prose,
        time::Instant,
        vocabulary::{Channel, Code, Kind, Provenance, Stage, State, SubmitterType, Urgency, Visibility},
    },
    store::petitions::DetailRow,
};

use super::client::TestApp;

/// Numbers from a seed (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    /// A number below `sides`.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
    /// True one time in so many.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
    pub(crate) fn code<C: Code>(&mut self) -> C {
        self.pick(C::ALL)
    }
}

/// What a source says of one petition.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) agency: AgencyId,
    pub(crate) kind: Kind,
    pub(crate) channel: Channel,
    pub(crate) field: &'static str,
    pub(crate) visibility: Visibility,
    pub(crate) received_at: Instant,
    pub(crate) due_at: Option<Instant>,
    pub(crate) closed_at: Option<Instant>,
    /// When it was withdrawn, instead of closed.
    pub(crate) ended_at: Option<Instant>,
    /// When its clock began to rest, for good.
    pub(crate) paused_at: Option<Instant>,
}

impl TestApp {
    /// Takes a record over, with everything that happened to it.
    pub(crate) fn record(&self, record: &Record) -> PetitionId {
        let record = record.clone();
        let id: PetitionId = new_id();
        let write = move |tx: &mut _, world: &_| {
            let clock = record.due_at.map(|due_at| ClockOp::Stated {
                round: 1,
                stage: Stage::Resolution,
                at: record.received_at,
                due_at,
            });
            let begin = Decision {
                act: Act::Import(Box::new(Import {
                    registration: registration(&record, id),
                    source: "test".to_owned(),
                    external_id: id.to_string(),
                })),
                to: State::Classified,
                round: 1,
                clocks: clock.into_iter().collect(),
                occurred_at: record.received_at,
            };
            let opening = Opening { detail: detail(id), submitter: None, remembered: None };
            let mut loaded = history::begin(tx, world, id, Entry::new(Actor::system(), begin), &opening)?;
            let mut next = |to: State, at: Option<Instant>, op: fn(Instant) -> ClockOp| {
                let Some(at) = at else { return Ok(()) };
                let closed_at = Some(at).filter(|_| to == State::Closed);
                let update = ImportUpdate { closed_at, ..ImportUpdate::default() };
                let decision = Decision {
                    act: Act::ImportUpdate(Box::new(update)),
                    to,
                    round: 1,
                    clocks: vec![op(at)],
                    occurred_at: at,
                };
                loaded = history::append(tx, world, &loaded, Entry::new(Actor::system(), decision))?;
                Ok::<(), kiennghi::app::Error>(())
            };
            next(State::Suspended, record.paused_at, |at| ClockOp::Pause { at, until: None })?;
            next(State::Closed, record.closed_at, |at| ClockOp::Meet { stage: Stage::Resolution, at })?;
            next(State::Withdrawn, record.ended_at, |at| ClockOp::Stop { at, stages: None })
        };
        self.app.write_now(write).expect("a record");
        id
    }
}

fn registration(record: &Record, id: PetitionId) -> Registration {
    Registration {
        code: format!("KN-{}", &id.to_string().to_uppercase()[24..]),
        kind: record.kind,
        instance: None,
        channel: record.channel,
        submitter_type: SubmitterType::Individual,
        field_code: record.field.to_owned(),
        urgency: Urgency::Normal,
        remote_area: false,
        visibility: record.visibility,
        provenance: Provenance::Imported,
        intake_agency: record.agency,
        received_at: record.received_at,
        title: Prose::Given("Ngõ ngập".to_owned()),
        content: Prose::Given("Cống tắc.".to_owned()),
        location: None,
        incident_at: None,
        incoming_number: None,
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
    }
}

fn detail(petition_id: PetitionId) -> DetailRow {
    DetailRow {
        petition_id,
        public_title: None,
        public_summary: None,
        location_text: None,
        latitude: None,
        longitude: None,
        area_code: None,
        client_reference: None,
        client_fingerprint: None,
        access_key_hash: None,
    }
}
