//! What a reader asks of a report, in his words, and what the store is asked for it.

use serde::{Deserialize, Serialize};

use super::GroupBy;
use crate::{
    app::{
        Error, World,
        lists::{Asked, LevelAsked, Reader},
        structure::Structure,
        when::{When, moment},
    },
    domain::{
        figures::Report,
        id::AgencyId,
        refusal::FieldError,
        time::Instant,
        vocabulary::{Channel, Kind},
    },
    store::{
        figures::{Attribution, Basis, Frame, Moves, Population, Window},
        question::Moment,
    },
};

/// What the flow counts, and with which agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CountBy {
    pub basis: Option<Basis>,
    pub attribution: Option<Attribution>,
}

/// What is asked of a report; nothing means anything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// The first instant of the window; a day begins it.
    pub from: Option<When>,
    /// The first instant after the window; a day begins it.
    pub to: Option<When>,
    pub as_of: Option<When>,
    /// What was recorded later is left out.
    pub recorded_by: Option<When>,
    pub agency_id: Option<AgencyId>,
    /// Whether the agencies below are meant too; yes unless told.
    pub subtree: Option<bool>,
    /// In which structure agencies are looked at.
    pub structure: Option<Structure>,
    pub field_code: Option<String>,
    pub kind: Option<Kind>,
    pub channel: Option<Channel>,
    pub level: Option<LevelAsked>,
    #[serde(flatten)]
    pub count_by: CountBy,
    /// The threshold of an anomaly, in place of its own.
    pub at_least: Option<u32>,
    /// Only where it changes what is counted: in the flow.
    pub group_by: Option<GroupBy>,
}

fn bad(parameter: &str, code: &'static str, vi: &str, en: &str) -> Error {
    Error::BadParameter(FieldError::new(parameter, code, vi, en))
}

impl Wanted {
    /// The same question, fixed to the moment, if the report can answer it.
    pub(super) fn checked(&self, world: &World, report: Report, by: GroupBy) -> Result<Self, Error> {
        let bound = |when: Option<When>| when.map(|when| when.start(world));
        if let (Some(from), Some(to)) = (bound(self.from), bound(self.to))
            && from > to
        {
            return Err(bad(
                "to",
                "window_upside_down",
                "Kỳ báo cáo kết thúc trước khi bắt đầu: đổi chỗ from và to.",
                "The window ends before it begins: exchange from and to.",
            ));
        }
        if report == Report::Flow && (!by.is_of_stretches() || self.level.is_some()) {
            return Err(bad(
                "group_by",
                "not_in_this_report",
                "Báo cáo tồn đọng chỉ nhóm theo agency, field, kind, channel hoặc none.",
                "The flow is balanced by agency, field, kind, channel or none only.",
            ));
        }
        if report == Report::Flow && self.structure.is_some() {
            return Err(bad(
                "structure",
                "not_in_this_report",
                "Báo cáo tồn đọng luôn tính theo cơ cấu tại as_of: bỏ structure.",
                "The flow always takes agencies as they were at as_of: leave structure out.",
            ));
        }
        let by_receipt = matches!(by, GroupBy::Month | GroupBy::Quarter | GroupBy::InspectoratePeriod);
        if matches!(report, Report::Xld01 | Report::Anomalies) && by_receipt {
            return Err(bad(
                "group_by",
                "not_in_this_report",
                "Kỳ của báo cáo này không phải kỳ tiếp nhận: lập riêng cho từng kỳ bằng from và to.",
                "The window of this report is not that of receipt: ask for each time by itself, with from and to.",
            ));
        }
        if report != Report::Flow && self.count_by != CountBy::default() {
            return Err(bad(
                "basis",
                "not_in_this_report",
                "basis và attribution chỉ dùng cho báo cáo flow.",
                "basis and attribution belong to the flow only.",
            ));
        }
        if report != Report::Anomalies && self.at_least.is_some() {
            return Err(bad(
                "at_least",
                "not_in_this_report",
                "at_least chỉ dùng cho dấu hiệu bất thường.",
                "at_least belongs to anomalies only.",
            ));
        }
        let group_by = (report == Report::Flow).then_some(by);
        Ok(Self { group_by, ..self.clone() })
    }

    /// The moment that is shown.
    pub(in crate::app) fn moment(&self, world: &World) -> Moment {
        moment(world, self.as_of, self.recorded_by)
    }

    /// Of whom the figures speak.
    pub(super) fn population(&self, world: &World, reader: &Reader, report: Report) -> Population {
        let standing = matches!(report, Report::Timeliness | Report::Rates);
        let window = self.window(world);
        let as_of = match report {
            Report::Xld01 => Some(When::At(window.to.plus_micros(-1))),
            _ => self.as_of,
        };
        let asked = Asked {
            as_of,
            recorded_by: self.recorded_by,
            structure: self.structure,
            level: self.level,
            agency_id: self.agency_id,
            subtree: self.subtree,
            field_code: self.field_code.clone(),
            kind: self.kind,
            channel: self.channel,
            received_from: self.from.filter(|_| standing),
            received_to: self.to.filter(|_| standing || report == Report::Xld01),
            ..Asked::default()
        };
        let question = asked.question(world, reader);
        let frame = match report {
            Report::Timeliness | Report::Rates => Frame::Standing,
            Report::Flow => Frame::Moves(self.moves(window)),
            Report::Xld01 => Frame::Letters(window),
            Report::Anomalies => Frame::Acts(window, self.at_least),
        };
        Population { question, frame }
    }

    /// The window ends no later than the moment that is shown, whose events count.
    fn window(&self, world: &World) -> Window {
        let end = self.moment(world).at().plus_micros(1);
        let to = self.to.map_or(end, |to| to.start(world).min(end));
        let ever = Instant::from_micros(EVER).unwrap_or(to);
        let from = self.from.map_or(ever, |from| from.start(world)).min(to);
        Window { from, to }
    }

    fn moves(&self, window: Window) -> Moves {
        let narrowed = [
            self.agency_id.is_some(),
            self.field_code.is_some(),
            self.kind.is_some(),
            self.channel.is_some(),
        ];
        Moves {
            window,
            attribution: self.count_by.attribution.unwrap_or_default(),
            basis: self.count_by.basis.unwrap_or_default(),
            grouping: self.group_by.and_then(GroupBy::grouping),
            narrowed,
        }
    }
}

/// Before everything: 0001-01-01T00:00:00Z, in microseconds from 1970.
const EVER: i64 = -62_135_596_800_000_000;
