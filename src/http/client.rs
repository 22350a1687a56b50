//! Where a request comes from: the address of the connection, or the one our own proxy names.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::{HttpRequest, http::header::HeaderMap, web};

use super::Edge;
use crate::config::{ForwardedField, Proxies};

/// The client's address; nothing where there is no connection, as in process.
pub(super) fn address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let edge = request.app_data::<web::Data<Edge>>()?;
    Some(behind(&edge.proxies, peer, request.headers()))
}

/// An address as limits count it: who has IPv6 has at least a whole /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

/// The rightmost address that is not one of our own proxies: what stands left of it, anybody may have written.
fn behind(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let ours = |address: IpAddr| proxies.trusted.iter().any(|network| network.contains(address));
    let named = match proxies.field {
        ForwardedField::XForwardedFor => named(headers, "x-forwarded-for", Some),
        ForwardedField::Forwarded => named(headers, "forwarded", forwarded_for),
    };
    let mut client = peer;
    for address in named.into_iter().rev() {
        if !ours(client) {
            break;
        }
        // What cannot be read says nothing of who stands behind it.
        let Some(address) = address else { break };
        client = address;
    }
    client
}

/// The addresses of a field in their order, through all its lines.
fn named<'a>(headers: &'a HeaderMap, field: &str, of: fn(&'a str) -> Option<&'a str>) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(field).map(|value| value.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(|one| of(one.trim()).and_then(parse)).collect()
}

/// The `for` of one element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| value.trim_matches('"'))
    })
}

/// An address with or without port, IPv6 with or without brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn seen(trusted: &[&str], field: ForwardedField, lines: &[(&'static str, &str)]) -> String {
        let proxies = Proxies { trusted: trusted.iter().map(|one| one.parse().unwrap()).collect(), field };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        behind(&proxies, "10.0.0.1".parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let xff = |trusted: &[&str], value: &str| {
            seen(trusted, ForwardedField::XForwardedFor, &[("x-forwarded-for", value)])
        };
        let ours: &[&str] = &["10.0.0.0/8"];
        assert_eq!(xff(&[], "1.2.3.4"), "10.0.0.1", "nobody is trusted");
        assert_eq!(xff(&["192.168.0.0/16"], "1.2.3.4"), "10.0.0.1", "not this one");
        assert_eq!(xff(ours, "1.2.3.4"), "1.2.3.4");
        assert_eq!(xff(ours, "6.6.6.6, 1.2.3.4"), "1.2.3.4", "the client wrote the first itself");
        assert_eq!(xff(ours, "6.6.6.6, 1.2.3.4, 10.3.3.3"), "1.2.3.4", "two of ours in a row");
        assert_eq!(xff(ours, "10.9.9.9"), "10.9.9.9", "a client of our own network");
        assert_eq!(xff(ours, "1.2.3.4, garbage"), "10.0.0.1");
        assert_eq!(xff(ours, "1.2.3.4:5678"), "1.2.3.4");
        assert_eq!(xff(ours, "[2001:db8::7]:443"), "2001:db8::7");
        assert_eq!(xff(ours, "::ffff:1.2.3.4"), "1.2.3.4");
        assert_eq!(xff(ours, ""), "10.0.0.1");
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")];
        assert_eq!(seen(ours, ForwardedField::XForwardedFor, &lines), "1.2.3.4");
    }

    #[test]
    fn one_field_is_read_and_not_the_other() {
        let ours: &[&str] = &["10.0.0.0/8"];
        let both = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")];
        assert_eq!(seen(ours, ForwardedField::XForwardedFor, &both), "1.2.3.4");
        assert_eq!(seen(ours, ForwardedField::Forwarded, &both), "6.6.6.6");
        let element = [("forwarded", "for=7.7.7.7, proto=https;For=\"[2001:db8::7]:1\";by=x")];
        assert_eq!(seen(ours, ForwardedField::Forwarded, &element), "2001:db8::7");
        assert_eq!(seen(ours, ForwardedField::Forwarded, &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let counted = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("1.2.3.4"), "1.2.3.4");
    }
}
