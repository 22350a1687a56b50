//! Checks of content: every fault is collected, so that a person mends them in one go.

use crate::domain::{
    act::{Commitment, DocumentRef, SignedDocument, SignedNotice},
    identifiers::DocumentNumber,
    prose::{self, Prose},
    refusal::{FieldError, Refusal},
    time::Day,
    vocabulary::Kind,
};

/// A title, in characters.
pub const TITLE: usize = 300;
/// The content of a petition, a reply or a supplement, in characters.
pub const CONTENT: usize = 20_000;
/// A reason, an explanation or a note, in characters.
pub const REASON: usize = 4_000;
/// A name, an address or another single line, in characters.
pub const LINE: usize = 300;
/// How many commitments, supporting agencies or parts one act may carry.
pub const MANY: usize = 50;

/// Collects what is wrong with the content of a request.
#[derive(Debug, Default)]
pub struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    /// Nothing found when nothing was wrong.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.errors)) }
    }

    /// Adds a fault.
    pub fn add(&mut self, error: impl Into<Option<FieldError>>) {
        self.errors.extend(error.into());
    }

    /// Adds a fault unless something holds.
    pub fn require(&mut self, holds: bool, pointer: &str, code: &'static str, vi: &str, en: &str) {
        if !holds {
            self.add(FieldError::new(pointer, code, vi, en));
        }
    }

    /// A text of several lines.
    pub fn text(&mut self, pointer: &str, text: &Prose, limit: usize) {
        self.prose(pointer, text, limit, true);
    }

    /// A text of several lines that may be absent.
    pub fn optional(&mut self, pointer: &str, text: Option<&Prose>, limit: usize) {
        if let Some(text) = text {
            self.text(pointer, text, limit);
        }
    }

    /// A text of one line.
    pub fn line(&mut self, pointer: &str, text: &str, limit: usize) {
        self.add(prose::check(pointer, text, limit, false));
    }

    /// Where a calendar day or a rule comes from: nothing of that kind is taken without.
    pub fn source(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            return self.add(FieldError::new(
                pointer,
                "source_missing",
                "Phải có căn cứ: nêu số, ký hiệu thông báo, quyết định hoặc văn bản.",
                "A source is needed: name the notice, decision or law that says so.",
            ));
        }
        self.line(pointer, text, LINE);
    }

    /// A title: one line of a text that history keeps outside.
    pub fn title(&mut self, pointer: &str, text: &Prose) {
        self.prose(pointer, text, TITLE, false);
    }

    /// A reference to a text kept elsewhere is no text: who could send one would move texts between events.
    fn prose(&mut self, pointer: &str, text: &Prose, limit: usize, multiline: bool) {
        match text.given() {
            Some(given) => self.add(prose::check(pointer, given, limit, multiline)),
            None => self.require(false, pointer, "not_a_text", "Cần một đoạn văn bản.", "A text is needed."),
        }
    }

    /// A document: number, symbol, and a date that is not in the future.
    pub fn document(&mut self, pointer: &str, document: &DocumentRef, today: Day) {
        self.numbered(pointer, &document.number, &document.symbol);
        self.not_after(&format!("{pointer}/issued_on"), document.issued_on, today);
    }

    /// A document that may be absent.
    pub fn optional_document(&mut self, pointer: &str, document: Option<&DocumentRef>, today: Day) {
        if let Some(document) = document {
            self.document(pointer, document, today);
        }
    }

    /// What carries a reply: a numbered document, or for feedback and suggestions a signed notice; one of them.
    pub fn carrier(
        &mut self,
        kind: Kind,
        document: Option<&SignedDocument>,
        notice: Option<&SignedNotice>,
        today: Day,
    ) {
        match (document, notice) {
            (Some(document), None) => {
                self.numbered("/document", &document.number, &document.symbol);
                self.line("/document/signer", &document.signer, LINE);
                self.not_after("/document/issued_on", document.issued_on, today);
            }
            (None, Some(notice)) => {
                self.require(
                    kind.may_answer_by_notice(),
                    "/notice",
                    "document_required",
                    "Chỉ phản ánh và góp ý được trả lời bằng thông báo không số; loại đơn này cần văn bản.",
                    "Only feedback and suggestions may be answered by notice; this kind needs a document.",
                );
                self.line("/notice/signer", &notice.signer, LINE);
                self.not_after("/notice/signed_on", notice.signed_on, today);
            }
            (Some(_), Some(_)) => self.require(
                false,
                "/notice",
                "one_of",
                "Chỉ nêu văn bản hoặc thông báo, không cả hai.",
                "Give the document or the notice, not both.",
            ),
            (None, None) => self.require(
                false,
                "/document",
                "required",
                "Cần số, ký hiệu, người ký và ngày của văn bản trả lời.",
                "Number, symbol, signer and date of the reply document are needed.",
            ),
        }
    }

    /// Commitments of a reply: not too many, each with text and a day that is not past.
    pub fn commitments(&mut self, commitments: &[Commitment], required: bool, today: Day) {
        self.require(
            !required || !commitments.is_empty(),
            "/commitments",
            "required",
            "Kết quả «theo lộ trình» cần ít nhất một cam kết có ngày.",
            "The outcome “planned” needs at least one commitment with a day.",
        );
        self.at_most("/commitments", commitments.len(), MANY);
        for (index, commitment) in commitments.iter().enumerate() {
            self.text(&format!("/commitments/{index}/text"), &commitment.text, REASON);
            self.require(
                commitment.due_on >= today,
                &format!("/commitments/{index}/due_on"),
                "in_the_past",
                "Ngày cam kết không được ở quá khứ.",
                "The day must not be in the past.",
            );
        }
    }

    /// A list that is not too long.
    pub fn at_most(&mut self, pointer: &str, length: usize, most: usize) {
        if length > most {
            self.add(FieldError::new(
                pointer,
                "too_many",
                format!("Tối đa {most} mục."),
                format!("At most {most} items."),
            ));
        }
    }

    fn numbered(&mut self, pointer: &str, number: &str, symbol: &str) {
        let (at_number, at_symbol) = (format!("{pointer}/number"), format!("{pointer}/symbol"));
        if let Err(errors) = DocumentNumber::parse((&at_number, number), (&at_symbol, symbol)) {
            self.errors.extend(errors);
        }
    }

    /// A day that has come.
    pub fn not_after(&mut self, pointer: &str, day: Day, today: Day) {
        self.require(
            day <= today,
            pointer,
            "in_the_future",
            "Ngày không được ở tương lai.",
            "The day must not be in the future.",
        );
    }
}
