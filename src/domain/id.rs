//! Typed identifiers: a swapped argument does not compile.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A UUIDv7 that knows what it identifies.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

macro_rules! ids {
    ($($(#[$meta:meta])* $alias:ident = $kind:ident;)+) => {$(
        #[derive(Debug)]
        pub enum $kind {}
        $(#[$meta])*
        pub type $alias = Id<$kind>;
    )+};
}

ids! {
    /// Identifies a petition.
    PetitionId = PetitionKey;
    /// Identifies an agency through all its versions.
    AgencyId = AgencyKey;
    /// Identifies an official.
    OfficialId = OfficialKey;
    /// Identifies a grant of a role.
    GrantId = GrantKey;
    /// Identifies an event.
    EventId = EventKey;
    /// Identifies a text that an event commits to by digest.
    TextId = TextKey;
    /// Identifies one revision of a reply.
    RevisionId = RevisionKey;
    /// Identifies a document of an agency.
    DocumentId = DocumentKey;
    /// Identifies a session: one sign-in with all its tokens.
    SessionId = SessionKey;
    /// Identifies a citizen who signs in elsewhere.
    AccountId = AccountKey;
    /// Identifies any other row.
    RowId = RowKey;
}

impl<K> Id<K> {
    /// Wraps a UUID that is known to identify a `K`.
    pub const fn new(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }
    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uuid)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uuid)
    }
}
impl<K> FromStr for Id<K> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self::new)
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.uuid)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::new)
    }
}
