//! Codes that people read, type and dictate: what we issue, and the formats of the Vietnamese administration.
//!
//! Sources of the formats: Decision 20/2020/QĐ-TTg (agencies), Decree 137/2015 art. 13 (personal ID),
//! Decision 19/2025/QĐ-TTg (areas), Decree 30/2020 art. 15.1 and annex I (documents).

mod code;
mod contact;
mod format;

pub use code::{AccessKey, PetitionCode};
pub use contact::{check_email, check_phone};
pub use format::{
    DocumentNumber, check_agency_code, check_commune_code, check_official_identifier, check_personal_id,
    check_province_code,
};
