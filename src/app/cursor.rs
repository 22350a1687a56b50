//! Keyset cursors: opaque to clients, signed, and bound to the list, its filters and the caller.
//!
//! A cursor holds the sort values of the last row shown; it grants nothing, since every page asks the store again.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::{error::Error, secrets::InstallationSecret};

const VERSION: u8 = 1;
/// Bytes of the HMAC that travel: 128 bits.
const MAC: usize = 16;
/// Longest cursor that is looked at, in characters.
const LIMIT: usize = 2048;

/// What a cursor is valid for; `limit` may change between pages and is not part of it.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a, F> {
    /// The route template, such as `/v1/petitions`.
    pub route: &'a str,
    /// Who asks, as in the idempotency record; empty for the public.
    pub caller: &'a str,
    /// Every other parameter of the list, `as_of` and `sort` included.
    pub filters: &'a F,
}

/// The cursor that continues after a row with these sort values.
pub fn seal<F: Serialize>(
    secret: &InstallationSecret,
    binding: &Binding<'_, F>,
    values: &impl Serialize,
) -> Result<String, Error> {
    let payload = serde_json::to_vec(values).map_err(Error::internal)?;
    let tag = sign(secret, binding, &payload)?;
    let mac = tag.as_ref().get(..MAC).unwrap_or_default();
    Ok(URL_SAFE_NO_PAD.encode([&[VERSION], mac, &payload].concat()))
}

/// The sort values of a cursor of ours, if it was made for this binding; else `InvalidCursor`.
pub fn open<F: Serialize, T: DeserializeOwned>(
    secret: &InstallationSecret,
    binding: &Binding<'_, F>,
    cursor: &str,
) -> Result<T, Error> {
    if cursor.len() > LIMIT {
        return Err(Error::InvalidCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::InvalidCursor)?;
    let (mac, payload) = match bytes.split_first() {
        Some((&VERSION, rest)) => rest.split_first_chunk::<MAC>().ok_or(Error::InvalidCursor)?,
        _ => return Err(Error::InvalidCursor),
    };
    let tag = sign(secret, binding, payload)?;
    let expected = tag.as_ref().get(..MAC).unwrap_or_default();
    if !super::secrets::constant_time_eq(mac, expected) {
        return Err(Error::InvalidCursor);
    }
    serde_json::from_slice(payload).map_err(|_| Error::InvalidCursor)
}

/// Each part goes in with its length, so that no two bindings read alike.
fn sign<F: Serialize>(
    secret: &InstallationSecret,
    binding: &Binding<'_, F>,
    payload: &[u8],
) -> Result<hmac::Tag, Error> {
    let filters = serde_json::to_vec(binding.filters).map_err(Error::internal)?;
    let mut context = hmac::Context::with_key(secret.cursor_key());
    context.update(&[VERSION]);
    for part in [binding.route.as_bytes(), binding.caller.as_bytes(), &filters, payload] {
        let length = u64::try_from(part.len()).map_err(Error::internal)?;
        context.update(&length.to_be_bytes());
        context.update(part);
    }
    Ok(context.sign())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> InstallationSecret {
        InstallationSecret::derive("a secret of at least thirty-two characters").unwrap()
    }

    fn binding<'a>(caller: &'a str, filters: &'a (&'a str, u8)) -> Binding<'a, (&'a str, u8)> {
        Binding { route: "/v1/petitions", caller, filters }
    }

    fn opened(binding: &Binding<'_, (&str, u8)>, cursor: &str) -> Option<(i64, String)> {
        match open(&secret(), binding, cursor) {
            Ok(values) => Some(values),
            Err(Error::InvalidCursor) => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cursor_continues_its_own_list_alone() {
        let filters = ("overdue", 1);
        let own = binding("staff/1", &filters);
        let values = (1_795_000_000_000_000_i64, "0190".to_owned());
        let cursor = seal(&secret(), &own, &values).unwrap();
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        assert_eq!(opened(&own, &cursor), Some(values));

        assert_eq!(opened(&binding("staff/2", &filters), &cursor), None);
        assert_eq!(opened(&binding("staff/1", &("overdue", 2)), &cursor), None);
        assert_eq!(opened(&Binding { route: "/v1/overdue", ..own }, &cursor), None);
        let foreign = InstallationSecret::derive("another secret, also of thirty-two or more").unwrap();
        assert!(open::<_, (i64, String)>(&foreign, &own, &cursor).is_err());
        for garbled in ["", "A", "AQ", "é", &cursor[1..], &format!("{cursor}A"), &"A".repeat(4000)] {
            assert_eq!(opened(&own, garbled), None, "{garbled}");
        }
        assert!(open::<_, u8>(&secret(), &own, &cursor).is_err(), "sort values of another shape");
    }

    proptest! {
        #[test]
        fn no_changed_cursor_opens(place in 0usize..60, symbol in "[A-Za-z0-9_-]") {
            let filters = ("", 0);
            let cursor = seal(&secret(), &binding("", &filters), &(7_i64, "key".to_owned())).unwrap();
            let place = place % cursor.len();
            let mut changed = cursor.clone();
            changed.replace_range(place..=place, &symbol);
            prop_assert!(changed == cursor || opened(&binding("", &filters), &changed).is_none());
        }
    }
}
