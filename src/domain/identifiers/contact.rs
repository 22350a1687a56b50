//! Sanity of telephone numbers and e-mail addresses: enough to catch a slip, never a proof that they exist.

use crate::domain::refusal::FieldError;

/// Longest e-mail address that can be delivered to (RFC 5321 §4.5.3.1.3).
const EMAIL_LIMIT: usize = 254;
/// Digits of an international number (ITU-T E.164), without the plus sign.
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 8..=15;

/// A Vietnamese number (10 digits, 11 for landlines; also after +84 or 84), or any other with `+` and country code.
pub fn check_phone(pointer: &str, text: &str) -> Option<FieldError> {
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
    let sound = match compact.strip_prefix('+') {
        Some(digits) => match digits.strip_prefix("84") {
            Some(national) => is_national(national.strip_prefix('0').unwrap_or(national)),
            None => all_digits(digits) && INTERNATIONAL.contains(&digits.len()) && !digits.starts_with('0'),
        },
        None => match compact.strip_prefix('0') {
            Some(national) => is_national(national),
            None => compact.strip_prefix("84").is_some_and(is_national),
        },
    };
    (!sound).then(|| {
        FieldError::new(
            pointer,
            "not_a_phone_number",
            "Số điện thoại không đúng, ví dụ đúng: 0912345678 hoặc +84912345678.",
            "Not a telephone number; right would be 0912345678 or +84912345678.",
        )
    })
}

/// Without the leading zero: mobile 3, 5, 7, 8, 9 + 8 digits; landline 2 + 9 digits.
fn is_national(digits: &str) -> bool {
    let expected = match digits.as_bytes().first() {
        Some(b'3' | b'5' | b'7' | b'8' | b'9') => 9,
        Some(b'2') => 10,
        _ => return false,
    };
    all_digits(digits) && digits.len() == expected
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// One `@`, a name before it, a domain with a dot after it, nothing that could break a header.
pub fn check_email(pointer: &str, text: &str) -> Option<FieldError> {
    let sound = text.len() <= EMAIL_LIMIT
        && text.split_once('@').is_some_and(|(name, domain)| is_mailbox(name) && is_domain(domain));
    (!sound).then(|| {
        FieldError::new(
            pointer,
            "not_an_email_address",
            "Địa chỉ thư điện tử không đúng, ví dụ đúng: ten@example.vn.",
            "Not an e-mail address; right would be name@example.vn.",
        )
    })
}

fn is_mailbox(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    (1..=64).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers() {
        for sound in [
            "0912345678",
            "091 234 56 78",
            "+84 912 345 678",
            "84912345678",
            "+84 0912345678",
            "(024) 3825.1234",
            "02438251234",
            "+49 30 901820",
            "+1-202-555-0143",
        ] {
            assert_eq!(check_phone("/p", sound), None, "{sound}");
        }
        for wrong in [
            "",
            "+",
            "091234567",
            "09123456789",
            "0112345678",
            "84",
            "912345678",
            "091234567a",
            "+0123456789",
            "+84",
            "113",
            "٠٩١٢٣٤٥٦٧٨",
            "0912345678\0",
        ] {
            assert!(check_phone("/p", wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn email_addresses() {
        for sound in ["a@b.vn", "nguyen.van.a+don@huyen.example.gov.vn", "hộp@thư.vn", "o'neil@x-y.com"] {
            assert_eq!(check_email("/e", sound), None, "{sound}");
        }
        for wrong in [
            "",
            "a",
            "a@",
            "@b.vn",
            "a@b",
            "a@b..vn",
            "a b@c.vn",
            "a@b.vn\r\nBcc: x@y.vn",
            "a@@b.vn",
            ".a@b.vn",
            "a@-b.vn",
            "a,b@c.vn",
            "<a@b.vn>",
        ] {
            assert!(check_email("/e", wrong).is_some(), "{wrong:?}");
        }
        assert!(check_email("/e", &format!("a@{}.vn", "b.".repeat(130))).is_some());
    }
}
