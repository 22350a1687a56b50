//! Where people may sign in elsewhere: `[[oidc]]` of the file, one table for each provider.

use serde::Deserialize;

use super::{ConfigFault, fault};
use crate::{
    app::{
        oidc::{Audience, Provider, is_usable_issuer},
        secrets::SecretText,
    },
    domain::refusal::Words,
};

/// One `[[oidc]]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileProvider {
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    who: Audience,
    subject_claim: Option<String>,
    acr: Option<String>,
    redirect_uris: Vec<String>,
    label_vi: String,
    label_en: String,
    cache_minutes: Option<u32>,
}

pub(super) fn resolve(given: Vec<FileProvider>) -> Result<Vec<Provider>, ConfigFault> {
    let mut all: Vec<Provider> = Vec::with_capacity(given.len());
    for one in given {
        let provider = check(one)?;
        if all.iter().any(|other| other.name == provider.name) {
            return Err(fault(&"oidc", &format!("two providers are named {}", provider.name)));
        }
        all.push(provider);
    }
    Ok(all)
}

fn check(one: FileProvider) -> Result<Provider, ConfigFault> {
    let named = |why: &str| fault(&format!("oidc {}", one.name), &why);
    let slug = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if one.name.is_empty() || one.name.len() > 50 || !one.name.bytes().all(slug) {
        return Err(fault(&"oidc", &"name needs 1 to 50 of a-z, 0-9 and -"));
    }
    if !is_usable_issuer(&one.issuer) {
        return Err(named("issuer must be https://, or http:// on this machine, without query"));
    }
    if one.client_id.is_empty() {
        return Err(named("client_id is empty"));
    }
    if one.redirect_uris.is_empty() {
        return Err(named("redirect_uris needs at least one address"));
    }
    if one.who == Audience::Citizens && one.subject_claim.as_deref().is_some_and(|claim| claim != "sub") {
        return Err(named("subject_claim is for officials; citizens are known by sub"));
    }
    let cache_minutes = super::within("cache_minutes", one.cache_minutes, 60, 1..=1440)?;
    Ok(Provider {
        name: one.name,
        issuer: one.issuer,
        client_id: one.client_id,
        client_secret: one.client_secret.map(SecretText::new),
        who: one.who,
        subject_claim: one.subject_claim.unwrap_or_else(|| "sub".to_owned()),
        acr: one.acr,
        redirect_uris: one.redirect_uris,
        label: Words::new(one.label_vi, one.label_en),
        cache_minutes,
    })
}
