//! Settings of limits: how much a client may do, and how its address is known.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
};

use clap::Args;
use serde::Deserialize;

use super::{ConfigFault, fault, within};
use crate::app::{clock::Clock, limits::Limits};

/// More than this in a minute is no limit.
const MOST_CALLS: u32 = 1_000_000;

/// As given: by flag, environment, or the table `[limits]` of the file.
#[derive(Default, Clone, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsGiven {
    /// No limits and no locks at all: for load tests.
    #[arg(long = "limits-off", global = true, env = "KIENNGHI_LIMITS_OFF", value_name = "BOOL",
        num_args = 0..=1, default_missing_value = "true")]
    off: Option<bool>,
    /// Sign-ins a minute from one address; 0 is no limit, as for all limits [default: 10].
    #[arg(long = "limit-sign-in", global = true, env = "KIENNGHI_LIMIT_SIGN_IN", value_name = "CALLS")]
    sign_in: Option<u32>,
    /// Showings of access keys a minute from one address [default: 10].
    #[arg(long = "limit-tracking", global = true, env = "KIENNGHI_LIMIT_TRACKING", value_name = "CALLS")]
    tracking: Option<u32>,
    /// Petitions a minute from one address [default: 30].
    #[arg(long = "limit-submission", global = true, env = "KIENNGHI_LIMIT_SUBMISSION", value_name = "CALLS")]
    submission: Option<u32>,
    /// Petitions a minute from one caller with a token [default: 10].
    #[arg(
        long = "limit-caller-submission",
        global = true,
        env = "KIENNGHI_LIMIT_CALLER_SUBMISSION",
        value_name = "CALLS"
    )]
    caller_submission: Option<u32>,
    /// Other calls a minute from one caller with a token [default: 6000].
    #[arg(long = "limit-caller", global = true, env = "KIENNGHI_LIMIT_CALLER", value_name = "CALLS")]
    caller: Option<u32>,
    /// Other calls a minute from one address [default: 3000].
    #[arg(long = "limit-read", global = true, env = "KIENNGHI_LIMIT_READ", value_name = "CALLS")]
    read: Option<u32>,
    /// Wrong passwords for one name, or wrong keys for one code from one address, before a lock [default: 10].
    #[arg(long = "lock-failures", global = true, env = "KIENNGHI_LOCK_FAILURES", value_name = "COUNT")]
    failures: Option<u32>,
    /// The same from one address, or for one code from everywhere, in an hour [default: 100].
    #[arg(
        long = "lock-failures-of-many",
        global = true,
        env = "KIENNGHI_LOCK_FAILURES_OF_MANY",
        value_name = "COUNT"
    )]
    failures_of_many: Option<u32>,
    /// The first lock; each further failure makes it twice as long [default: 60].
    #[arg(long = "lock-seconds", global = true, env = "KIENNGHI_LOCK_SECONDS", value_name = "SECONDS")]
    lock_seconds: Option<u32>,
    /// The longest lock [default: 900].
    #[arg(
        long = "lock-longest-seconds",
        global = true,
        env = "KIENNGHI_LOCK_LONGEST_SECONDS",
        value_name = "SECONDS"
    )]
    longest_lock_seconds: Option<u32>,
    /// Networks of proxies whose forwarded addresses are believed, such as 10.0.0.0/8 [default: none].
    #[arg(
        long = "trusted-proxies",
        global = true,
        env = "KIENNGHI_TRUSTED_PROXIES",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    trusted_proxies: Vec<String>,
    /// The field in which those proxies name the client: x-forwarded-for or forwarded [default: x-forwarded-for].
    #[arg(long = "forwarded-field", global = true, env = "KIENNGHI_FORWARDED_FIELD", value_name = "FIELD")]
    forwarded_field: Option<ForwardedField>,
}

/// Who is believed when he names another address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The networks our own proxies are in.
    pub trusted: Vec<Network>,
    /// The one field they write; another one would be the client's own.
    pub field: ForwardedField,
}

/// The field that names the client behind a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedField {
    /// The old one, a list of addresses.
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// A range of addresses, `10.0.0.0/8` or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    start: u128,
    bits: u32,
}

impl LimitsGiven {
    /// Each setting of this, or else of the other.
    pub(super) fn or(self, file: Self) -> Self {
        let list = if self.trusted_proxies.is_empty() { file.trusted_proxies } else { self.trusted_proxies };
        Self {
            off: self.off.or(file.off),
            sign_in: self.sign_in.or(file.sign_in),
            tracking: self.tracking.or(file.tracking),
            submission: self.submission.or(file.submission),
            caller_submission: self.caller_submission.or(file.caller_submission),
            caller: self.caller.or(file.caller),
            read: self.read.or(file.read),
            failures: self.failures.or(file.failures),
            failures_of_many: self.failures_of_many.or(file.failures_of_many),
            lock_seconds: self.lock_seconds.or(file.lock_seconds),
            longest_lock_seconds: self.longest_lock_seconds.or(file.longest_lock_seconds),
            trusted_proxies: list,
            forwarded_field: self.forwarded_field.or(file.forwarded_field),
        }
    }

    pub(super) fn resolve(self) -> Result<(Limits, Proxies), ConfigFault> {
        let networks = self.trusted_proxies.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let proxies = Proxies {
            trusted: networks.map(str::parse).collect::<Result<_, _>>()?,
            field: self.forwarded_field.unwrap_or_default(),
        };
        if self.off == Some(true) {
            return Ok((Limits::off(), proxies));
        }
        let calls = |name: &str, value, default| within(name, value, default, 0..=MOST_CALLS);
        let limits = Limits {
            calls: [
                calls("limits.sign_in", self.sign_in, 10)?,
                calls("limits.tracking", self.tracking, 10)?,
                calls("limits.submission", self.submission, 30)?,
                calls("limits.caller_submission", self.caller_submission, 10)?,
                calls("limits.caller", self.caller, 6000)?,
                calls("limits.read", self.read, 3000)?,
            ],
            failures: within("limits.failures", self.failures, 10, 0..=1000)?,
            failures_of_many: within("limits.failures_of_many", self.failures_of_many, 100, 0..=100_000)?,
            lock_seconds: within("limits.lock_seconds", self.lock_seconds, 60, 1..=3600)?,
            longest_lock_seconds: within(
                "limits.longest_lock_seconds",
                self.longest_lock_seconds,
                900,
                1..=86_400,
            )?,
            clock: Arc::new(Clock::real()),
        };
        Ok((limits, proxies))
    }
}

impl Network {
    /// Whether an address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
        (number(address) ^ self.start) & mask == 0
    }
}

/// IPv4 as it is mapped into IPv6, so that one address has one number.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl FromStr for Network {
    type Err = ConfigFault;

    fn from_str(text: &str) -> Result<Self, ConfigFault> {
        let wrong = || fault(&"trusted_proxies", &format!("“{text}” is no network such as 10.0.0.0/8"));
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let (address, offset, most) = match address.parse().map_err(|_| wrong())? {
            IpAddr::V4(v4) => (number(v4.into()), 96, Ipv4Addr::BITS),
            IpAddr::V6(v6) => (number(v6.into()), 0, Ipv6Addr::BITS),
        };
        let length = length.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if length > most {
            return Err(wrong());
        }
        Ok(Self { start: address, bits: offset + length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("192.168.1.7", "192.168.1.7") && !holds("192.168.1.7", "192.168.1.8"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"), "one address, written in two ways");
        assert!(
            holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fe00::1") && !holds("fd00::/8", "10.0.0.1")
        );
        assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "1.2.3.4"));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "proxy"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
