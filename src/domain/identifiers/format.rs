//! Formats of the administration; a check says what is wrong, never whether the thing exists.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::domain::refusal::FieldError;

/// Longest agency code and official electronic identifier, in characters (QĐ 20/2020 art. 4).
const AGENCY_CODE_LIMIT: usize = 35;
const NUMBER_LIMIT: usize = 10;
const SYMBOL_LIMIT: usize = 40;

/// Number and symbol of a document: `1207/QĐ-UBND`, `1747/UBND-NC`, `2200-QĐ/TU`, `154/2026/NĐ-CP`.
///
/// Unique with the agency and the year of issue (NĐ 30/2020 art. 15.1), so the spelling is canonical: NFC, and
/// a number without superfluous zeros but with two digits at least (annex I of that decree).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentNumber {
    number: String,
    symbol: String,
}

impl DocumentNumber {
    /// Reads both parts, or says what is wrong with each; the pointers name the two fields.
    pub fn parse(
        (number_pointer, number): (&str, &str),
        (symbol_pointer, symbol): (&str, &str),
    ) -> Result<Self, Vec<FieldError>> {
        let (read_number, read_symbol) = (canonical_number(number), canonical_symbol(symbol));
        let mut errors = Vec::new();
        if read_number.is_none() {
            errors.push(FieldError::new(
                number_pointer,
                "not_a_document_number",
                format!("Số văn bản gồm chữ số, có thể thêm chữ cái ở cuối, tối đa {NUMBER_LIMIT} ký tự, ví dụ 1207."),
                format!("A document number is digits, perhaps with letters at the end, at most {NUMBER_LIMIT} characters, such as 1207."),
            ));
        }
        if read_symbol.is_none() {
            errors.push(FieldError::new(
                symbol_pointer,
                "not_a_document_symbol",
                format!("Ký hiệu văn bản gồm chữ cái, chữ số và - / . &, tối đa {SYMBOL_LIMIT} ký tự, ví dụ QĐ-UBND."),
                format!("A document symbol is letters, digits and - / . &, at most {SYMBOL_LIMIT} characters, such as QĐ-UBND."),
            ));
        }
        match (read_number, read_symbol) {
            (Some(number), Some(symbol)) => Ok(Self { number, symbol }),
            _ => Err(errors),
        }
    }

    /// The number in its canonical spelling.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The symbol in NFC.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }
}

impl fmt::Display for DocumentNumber {
    /// As it is cited: Party documents (`QĐ/TU`) take a hyphen after the number, all others a slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let party = self.symbol.contains('/') && !self.symbol.starts_with(|c: char| c.is_ascii_digit());
        write!(f, "{}{}{}", self.number, if party { '-' } else { '/' }, self.symbol)
    }
}

fn canonical_number(text: &str) -> Option<String> {
    let text: String = text.trim().nfc().collect();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, letters) = text.split_at_checked(digits)?;
    let significant = digits.trim_start_matches('0');
    let sound = !significant.is_empty()
        && text.chars().count() <= NUMBER_LIMIT
        && letters.chars().count() <= 2
        && letters.chars().all(char::is_alphabetic);
    sound.then(|| format!("{significant:0>2}{letters}"))
}

fn canonical_symbol(text: &str) -> Option<String> {
    let text: String = text.trim().nfc().collect();
    let ends = [text.chars().next()?, text.chars().last()?];
    let sound = text.chars().count() <= SYMBOL_LIMIT
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | '&'))
        && text.chars().any(char::is_alphabetic)
        && ends.iter().all(|c| c.is_alphanumeric());
    sound.then_some(text)
}

/// The code under which clients name an agency: `[0-9A-Z.]{1,35}`.
pub fn check_agency_code(pointer: &str, text: &str) -> Option<FieldError> {
    let sound = (1..=AGENCY_CODE_LIMIT).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || b == b'.');
    (!sound).then(|| {
        FieldError::new(
            pointer,
            "not_an_agency_code",
            format!("Mã cơ quan gồm chữ số, chữ in hoa A–Z và dấu chấm, tối đa {AGENCY_CODE_LIMIT} ký tự."),
            format!(
                "An agency code is digits, capitals A–Z and dots, at most {AGENCY_CODE_LIMIT} characters."
            ),
        )
    })
}

/// The official electronic identifier of an agency, `^[A-Y]\d{2}(\.[0-9A-Z]+)*$` (QĐ 20/2020 arts. 4–6).
pub fn check_official_identifier(pointer: &str, text: &str) -> Option<FieldError> {
    let mut groups = text.split('.');
    let head = matches!(groups.next().map(str::as_bytes), Some([b'A'..=b'Y', b'0'..=b'9', b'0'..=b'9']));
    let rest = groups.all(|group| {
        !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    });
    (!head || !rest || text.len() > AGENCY_CODE_LIMIT).then(|| {
        FieldError::new(
            pointer,
            "not_an_official_identifier",
            "Mã định danh điện tử không đúng Quyết định 20/2020/QĐ-TTg, ví dụ đúng: H55.242.",
            "Not an electronic identifier by Decision 20/2020/QĐ-TTg; right would be H55.242.",
        )
    })
}

/// A personal ID: 12 digits, of which the first three name a place and the fourth the century and sex, 0 to 5
/// (NĐ 137/2015 art. 13). It has no check digit, so only the structure is tested.
pub fn check_personal_id(pointer: &str, text: &str) -> Option<FieldError> {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let place = text.get(..3).is_some_and(|place| place != "000");
    let century = text.as_bytes().get(3).is_some_and(|digit| (b'0'..=b'5').contains(digit));
    (!(digits && place && century)).then(|| {
        FieldError::new(
            pointer,
            "not_a_personal_id",
            "Số định danh cá nhân phải có đúng 12 chữ số theo cấu trúc của Nghị định 137/2015/NĐ-CP.",
            "A personal ID has exactly 12 digits, built as Decree 137/2015/NĐ-CP says.",
        )
    })
}

/// The code of a province: two digits, 01 to 99 (QĐ 19/2025).
pub fn check_province_code(pointer: &str, text: &str) -> Option<FieldError> {
    check_area(pointer, text, 2)
}

/// The code of a commune: five digits, 00001 to 99999 (QĐ 19/2025).
pub fn check_commune_code(pointer: &str, text: &str) -> Option<FieldError> {
    check_area(pointer, text, 5)
}

fn check_area(pointer: &str, text: &str, length: usize) -> Option<FieldError> {
    let digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = digits && text.bytes().any(|byte| byte != b'0');
    (!sound).then(|| {
        FieldError::new(
            pointer,
            "not_an_area_code",
            format!("Mã đơn vị hành chính phải có đúng {length} chữ số, kể cả số 0 ở đầu."),
            format!("An area code has exactly {length} digits, leading zeros included."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(number: &str, symbol: &str) -> Result<String, Vec<&'static str>> {
        DocumentNumber::parse(("/n", number), ("/s", symbol))
            .map(|document| document.to_string())
            .map_err(|errors| errors.iter().map(|error| error.code).collect())
    }

    #[test]
    fn documents_are_cited_as_their_authors_do() {
        assert_eq!(document("1207", "QĐ-UBND").unwrap(), "1207/QĐ-UBND");
        assert_eq!(document(" 1747 ", "UBND-NC").unwrap(), "1747/UBND-NC");
        assert_eq!(document("2200", "QĐ/TU").unwrap(), "2200-QĐ/TU");
        assert_eq!(document("154", "2026/NĐ-CP").unwrap(), "154/2026/NĐ-CP");
        assert_eq!(document("12b", "P.KT&HT").unwrap(), "12b/P.KT&HT");
    }

    #[test]
    fn a_document_has_one_spelling() {
        for number in ["5", "05", "0005"] {
            assert_eq!(document(number, "TB-UBND").unwrap(), "05/TB-UBND");
        }
        assert_eq!(document("100", "QĐ-UBND"), document("100", "Q\u{110}-UBND"));
        assert_eq!(document("1", "Ủy-BAN"), document("1", "U\u{309}y-BAN"));
    }

    #[test]
    fn what_is_no_document_number_is_refused() {
        for number in ["", "0", "00", "A12", "12 3", "12345678901", "1/2", "1\0", "12abc", "-1"] {
            assert_eq!(document(number, "QĐ-UBND"), Err(vec!["not_a_document_number"]), "{number:?}");
        }
        for symbol in ["", "-", "123", "-QĐ", "QĐ/", "QĐ UBND", "Q\nĐ", "<b>", &"Q".repeat(41)] {
            assert_eq!(document("12", symbol), Err(vec!["not_a_document_symbol"]), "{symbol:?}");
        }
        assert_eq!(document("", "").unwrap_err().len(), 2);
    }

    #[test]
    fn codes_of_agencies() {
        for sound in ["H55.242", "G09", "1", ".", "000.00.00.H41"] {
            assert_eq!(check_agency_code("/a", sound), None, "{sound}");
        }
        for wrong in ["", "h55", "H55-1", "Đ1", "H 5", &"A".repeat(36)] {
            assert!(check_agency_code("/a", wrong).is_some(), "{wrong}");
        }
        for sound in ["H55", "H55.242", "G09.20.AB"] {
            assert_eq!(check_official_identifier("/a", sound), None, "{sound}");
        }
        for wrong in ["", "Z55", "H5", "H555", "H55.", "H55..1", "h55", "H55.a", ".H55"] {
            assert!(check_official_identifier("/a", wrong).is_some(), "{wrong}");
        }
        assert!(check_official_identifier("/a", &format!("H55.{}", "1".repeat(32))).is_some());
    }

    #[test]
    fn numbers_of_people_and_places() {
        assert_eq!(check_personal_id("/i", "001099012345"), None);
        for wrong in ["", "00109901234", "0010990123456", "001699012345", "000099012345", "00109901234a"] {
            assert!(check_personal_id("/i", wrong).is_some(), "{wrong}");
        }
        assert_eq!(check_province_code("/p", "01"), None);
        assert_eq!(check_commune_code("/c", "00004"), None);
        for wrong in ["", "1", "00", "001", "0a"] {
            assert!(check_province_code("/p", wrong).is_some(), "{wrong}");
        }
        for wrong in ["", "4", "00000", "000004", "0000x"] {
            assert!(check_commune_code("/c", wrong).is_some(), "{wrong}");
        }
    }
}
