//! The codes we issue: Crockford base32 with one check character.
//!
//! The check is a Reed–Solomon symbol over GF(2⁵): with symbols s₀ (check) to sₙ, Σ αⁱ·sᵢ = 0. Every place has
//! another non-zero weight (n < 31), so that each wrong character and each swap of two different characters,
//! adjacent or not, is refused. Crockford's own check (mod 37) would need the characters `*~$=`, which cannot
//! be dictated. What is not an error: lower case, `I`/`L` for `1`, `O` for `0`, spaces and hyphens anywhere.

use std::fmt;

use crate::domain::refusal::FieldError;

const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "KN";
/// Data characters of a petition code: 8 × 5 bits.
const CODE_LENGTH: usize = 8;
/// Data characters of an access key: 20 × 5 bits.
const KEY_LENGTH: usize = 20;
const GROUP: usize = 5;

/// The public code of a petition, `KN-` + 8 random characters + check; it shows neither order nor agency.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PetitionCode(String);

/// The citizen's key to one petition: 100 bits in four groups of five characters, and a check character.
///
/// It has no `Display`: whoever shows it calls `reveal`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey(String);

impl PetitionCode {
    /// The code that five random bytes make.
    pub fn from_bytes(random: [u8; 5]) -> Self {
        let symbols = with_check(to_symbols(&random, CODE_LENGTH));
        Self(format!("{PREFIX}-{}", to_text(&symbols)))
    }

    /// Reads a code as people type it; the result is in the one canonical spelling.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, FieldError> {
        let compact = compact(text);
        match compact.strip_prefix(PREFIX).and_then(|body| read_symbols(body, CODE_LENGTH)) {
            Some(symbols) => Ok(Self(format!("{PREFIX}-{}", to_text(&symbols)))),
            None => Err(FieldError::new(
                pointer,
                "not_a_petition_code",
                "Mã đơn không đúng. Mã có dạng KN- và 9 ký tự; hãy kiểm tra lại từng ký tự.",
                "Not a petition code. A code is KN- and 9 characters; check each character.",
            )),
        }
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PetitionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PetitionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AccessKey {
    /// The key made of the first 100 bits.
    pub fn from_bytes(random: [u8; 13]) -> Self {
        Self::from_symbols(&with_check(to_symbols(&random, KEY_LENGTH)))
    }

    /// Reads a key as people type it; the result is in the one canonical spelling.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, FieldError> {
        read_symbols(&compact(text), KEY_LENGTH).map(|symbols| Self::from_symbols(&symbols)).ok_or_else(
            || {
                FieldError::new(
                    pointer,
                    "not_an_access_key",
                    "Mã truy cập không đúng. Mã có 21 ký tự; hãy kiểm tra lại từng ký tự.",
                    "Not an access key. A key has 21 characters; check each character.",
                )
            },
        )
    }

    /// The canonical spelling, for the one answer that may show it and for comparing digests.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn from_symbols(symbols: &[u8]) -> Self {
        let groups: Vec<String> = symbols.chunks(GROUP).map(to_text).collect();
        Self(groups.join("-"))
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey(…)")
    }
}

/// Upper case without separators, aliases resolved; anything else stays and is refused later.
fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        })
        .collect()
}

/// The first `length` groups of five bits, most significant first.
fn to_symbols(bytes: &[u8], length: usize) -> Vec<u8> {
    let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| (byte >> (7 - index % 8)) & 1);
    (0..length).map(|place| (0..5).fold(0, |symbol, offset| symbol << 1 | bit(place * 5 + offset))).collect()
}

fn to_text(symbols: &[u8]) -> String {
    symbols
        .iter()
        .filter_map(|symbol| ALPHABET.get(usize::from(*symbol)))
        .map(|byte| char::from(*byte))
        .collect()
}

fn read_symbols(body: &str, length: usize) -> Option<Vec<u8>> {
    let symbols = body.bytes().map(symbol_of).collect::<Option<Vec<u8>>>()?;
    (symbols.len() == length + 1 && syndrome(&symbols) == 0).then_some(symbols)
}

fn symbol_of(byte: u8) -> Option<u8> {
    ALPHABET.iter().position(|candidate| *candidate == byte).and_then(|index| u8::try_from(index).ok())
}

fn with_check(mut data: Vec<u8>) -> Vec<u8> {
    data.push(0);
    let check = syndrome(&data);
    data.pop();
    data.push(check);
    data
}

/// Horner's rule over GF(2⁵); zero for a sound code. The last symbol has weight 1.
fn syndrome(symbols: &[u8]) -> u8 {
    symbols.iter().fold(0, |sum, symbol| times_alpha(sum) ^ symbol)
}

/// Multiplies by α, a root of the primitive polynomial x⁵ + x² + 1.
fn times_alpha(element: u8) -> u8 {
    let shifted = element << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Option<String> {
        PetitionCode::parse("/code", text).ok().map(|code| code.0)
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let canonical = PetitionCode::from_bytes([0x08, 0x42, 0x10, 0x84, 0x20]).0;
        assert_eq!(canonical.len(), 12);
        assert!(canonical.starts_with("KN-11111110"), "{canonical}");
        let check = canonical.chars().last().unwrap();
        for typed in [
            canonical.to_lowercase(),
            format!("kn iLl1 11-1o {check}"),
            format!("KN–1111-1110-{check}"),
            format!("kn11111110{check}"),
            format!("  KN 1111 1110 {check}\n"),
        ] {
            assert_eq!(code(&typed).as_ref(), Some(&canonical), "{typed:?}");
        }
        for wrong in [
            "",
            "KN-",
            "KN-1111111",
            "KN-11111110U",
            "11111110",
            "NK-111111100",
            "KN-111111100000",
            "KN-ÉÉÉÉ",
        ] {
            assert_eq!(code(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_weights_of_all_places_differ() {
        let mut weights: Vec<u8> =
            std::iter::successors(Some(1), |w| Some(times_alpha(*w))).take(31).collect();
        weights.sort_unstable();
        assert_eq!(weights, (1..=31).collect::<Vec<u8>>());
    }

    #[test]
    fn debug_shows_no_key() {
        let key = AccessKey::from_bytes([7; 13]);
        assert_eq!(format!("{key:?}"), "AccessKey(…)");
        assert_eq!(key.reveal().len(), 25);
    }

    /// Every spelling that differs from `canonical` in one place or by one adjacent swap.
    fn slips(canonical: &str) -> Vec<String> {
        let chars: Vec<char> = canonical.chars().collect();
        let mut slips = Vec::new();
        for place in 0..chars.len() {
            for symbol in (0x20u8..0x7F).map(char::from) {
                let mut slip = chars.clone();
                slip[place] = symbol;
                slips.push(slip.into_iter().collect());
            }
            if place + 1 < chars.len() {
                let mut slip = chars.clone();
                slip.swap(place, place + 1);
                slips.push(slip.into_iter().collect());
            }
        }
        slips
    }

    proptest! {
        #[test]
        fn every_slip_in_a_code_is_refused_or_harmless(random: [u8; 5]) {
            let canonical = PetitionCode::from_bytes(random).0;
            prop_assert_eq!(code(&canonical), Some(canonical.clone()));
            for slip in slips(&canonical) {
                let read = code(&slip);
                prop_assert!(read.is_none() || read.as_ref() == Some(&canonical), "{} read as {:?}", slip, read);
            }
        }

        #[test]
        fn every_slip_in_a_key_is_refused_or_harmless(random: [u8; 13]) {
            let canonical = AccessKey::from_bytes(random);
            prop_assert_eq!(&AccessKey::parse("", &canonical.0.to_lowercase()).unwrap(), &canonical);
            for slip in slips(&canonical.0) {
                let read = AccessKey::parse("", &slip).ok();
                prop_assert!(read.is_none() || read.as_ref() == Some(&canonical), "{}", slip);
            }
        }

        #[test]
        fn different_bytes_make_different_codes(one: [u8; 5], other: [u8; 5]) {
            prop_assert_eq!(one == other, PetitionCode::from_bytes(one) == PetitionCode::from_bytes(other));
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = (PetitionCode::parse("", &text), AccessKey::parse("", &text));
        }
    }
}
