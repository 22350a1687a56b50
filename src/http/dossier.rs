//! One petition as a file that an auditor takes along: everything that is known of it, and how to verify it without us.
//!
//! Invariant: the same state gives the same bytes. Files stand in the order of their names, uncompressed, so that no
//! compressor's version shows, and under one fixed time.

use std::io::{Cursor, Write};

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, resource},
};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{auth::Call, extract::PathId, petitions::Explanations, problem::Problem};
use crate::{
    app::{
        Error,
        dossier::{self, Dossier},
        history::hex,
        secrets::sha256,
    },
    domain::{id::PetitionKey, rule::RuleBook, vocabulary::Language},
};

#[derive(OpenApi)]
#[openapi(paths(take_dossier), components(schemas(DossierFile)))]
pub(super) struct Api;

/// The address of the dossier.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/petitions/{id}/dossier.zip").route(get().to(take_dossier)));
}

/// A ZIP file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes the answer")]
struct DossierFile(Vec<u8>);

const README: &str = include_str!("dossier/readme.txt");

/// Take a petition's dossier.
///
/// For auditors, and for coordinators, who see all of it but the log of reads. A ZIP file: the history with the bytes
/// that were hashed (`events.ndjson`), the texts it commits to (`texts.ndjson`), the derivation and every change of each
/// deadline (`deadlines.json`), documents, replies with their revisions and commitments, assignments, to whom personal
/// data was given, and `manifest.json` with the SHA-256 of each file and the head of the chain; `readme.txt` says how to
/// verify it offline. It holds no particulars of the submitter. An entry that leads to a petition which the reader may
/// not see keeps its hashes alone. The same state gives the same bytes: clocks are shown as of the latest entry.
#[utoipa::path(get, path = "/v1/petitions/{id}/dossier.zip", tag = "audit", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition.")),
    responses((status = 200, description = "The dossier.", body = DossierFile, content_type = "application/zip",
        headers(("Content-Disposition" = String, description = "The name of the file: the petition's code.")))))]
pub(super) async fn take_dossier(call: Call, id: PathId<PetitionKey>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let id = id.0?;
    let packed = call.read(move |tx, world| {
        let dossier = dossier::collect(tx, world, &caller, id)?;
        let name = format!("attachment; filename=\"{}.zip\"", dossier.code);
        Ok((name, pack(&files(dossier, world.rules())?)?))
    });
    let (name, bytes) = packed.await?;
    let mut reply = HttpResponse::Ok();
    reply.content_type("application/zip").insert_header((header::CACHE_CONTROL, "private, no-cache"));
    Ok(reply.insert_header((header::CONTENT_DISPOSITION, name)).body(bytes))
}

type File = (&'static str, Vec<u8>);

/// The files of a dossier in the order of their names, the manifest last.
fn files(dossier: Dossier, rules: &RuleBook) -> Result<Vec<File>, Error> {
    let head = dossier.entries.last().map(|entry| (entry.sequence, entry.hash.clone()));
    let (code, petition, as_of) = (dossier.code.clone(), dossier.petition, dossier.as_of);
    let mut files = vec![
        ("assignments.ndjson", lines(&assignments(&dossier))?),
        ("documents.ndjson", lines(&documents(&dossier))?),
        ("events.ndjson", lines(&events(&dossier))?),
        ("readme.txt", README.as_bytes().to_vec()),
        ("replies.ndjson", lines(&replies(&dossier))?),
        ("texts.ndjson", lines(&texts(&dossier))?),
    ];
    if let Some(reads) = reads(&dossier) {
        files.push(("reads.ndjson", lines(&reads)?));
    }
    let deadlines = Explanations::of(dossier.explained, rules, Language::Vi);
    files.push(("deadlines.json", serde_json::to_vec_pretty(&deadlines).map_err(Error::internal)?));
    files.sort_by_key(|(name, _)| *name);
    let listed = files
        .iter()
        .map(|(name, bytes)| json!({ "name": name, "bytes": bytes.len(), "sha256": hex(&sha256(bytes)) }));
    let manifest = json!({
        "petition_id": petition,
        "code": code,
        "as_of": as_of,
        "head": head.map(|(sequence, hash)| json!({ "sequence": sequence, "hash": hash })),
        "files": listed.collect::<Vec<_>>(),
    });
    files.push(("manifest.json", serde_json::to_vec_pretty(&manifest).map_err(Error::internal)?));
    Ok(files)
}

fn events(dossier: &Dossier) -> Vec<Value> {
    let line = |entry: &dossier::Entry| {
        json!({
            "sequence": entry.sequence, "prev_hash": entry.prev_hash, "hash": entry.hash,
            "canonical": entry.canonical,
        })
    };
    dossier.entries.iter().map(line).collect()
}

fn texts(dossier: &Dossier) -> Vec<Value> {
    let line = |text: &crate::store::verify::TextCells| {
        json!({
            "text": text.id, "event_id": text.event_id, "slot": text.slot, "salt": hex(&text.salt),
            "body": text.body,
        })
    };
    dossier.texts.iter().map(line).collect()
}

fn documents(dossier: &Dossier) -> Vec<Value> {
    let line = |cited: &dossier::Cited| {
        json!({
            "sequence": cited.sequence, "type": cited.act, "number": cited.number, "symbol": cited.symbol,
            "issued_on": cited.issued_on, "signer": cited.signer,
        })
    };
    dossier.documents.iter().map(line).collect()
}

fn assignments(dossier: &Dossier) -> Vec<Value> {
    let mut rows: Vec<_> = dossier.held.assignments.iter().collect();
    rows.sort_by_key(|row| (row.from_at, row.id));
    let line = |row: &crate::store::handling::AssignmentRow| {
        json!({
            "round": row.round, "part": row.part, "agency_id": row.agency_id, "official_id": row.official_id,
            "full_name": row.full_name, "position": row.position, "from_at": row.from_at, "to_at": row.to_at,
        })
    };
    rows.into_iter().map(line).collect()
}

fn replies(dossier: &Dossier) -> Vec<Value> {
    let held = &dossier.held;
    let mut rows: Vec<_> = held.revisions.iter().collect();
    rows.sort_by_key(|row| (row.number, row.id));
    let line = |row: &crate::store::verify::RevisionCells| {
        let mut promised: Vec<_> = held.commitments.iter().filter(|one| one.revision_id == row.id).collect();
        promised.sort_by_key(|one| (one.due_on, one.id));
        let commitment = |one: &crate::store::handling::CommitmentRow| {
            json!({
                "text": one.text_id, "due_on": one.due_on, "agency_id": one.agency_id,
                "person_id": one.person_id,
            })
        };
        let document = row.document_id.and_then(|id| held.documents.get(&id)).map(|document| {
            json!({
                "agency_id": document.agency_id, "number": document.number, "symbol": document.symbol,
                "issued_on": document.issued_on, "signer": document.signer,
            })
        });
        json!({
            "revision": row.id, "round": row.round, "number": row.number, "outcome": row.outcome,
            "text": row.text_id, "author_id": row.author_id, "approved_by": row.approved_by,
            "approved_at": row.approved_at, "document": document, "notice": row.notice,
            "published_at": row.published_at, "taken_down_at": row.taken_down_at,
            "created_at": row.created_at, "commitments": promised.into_iter().map(commitment).collect::<Vec<_>>(),
        })
    };
    rows.into_iter().map(line).collect()
}

fn reads(dossier: &Dossier) -> Option<Vec<Value>> {
    let line = |row: &crate::store::disclosures::DisclosureRow| {
        json!({
            "at": row.at, "official_id": row.official_id, "client": row.client, "role": row.role,
            "what": row.what, "request_id": row.request_id,
        })
    };
    Some(dossier.reads.as_ref()?.iter().map(line).collect())
}

/// One value on each line.
fn lines(values: &[Value]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for value in values {
        serde_json::to_writer(&mut bytes, value).map_err(Error::internal)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// The files as one, without anything of now in it.
fn pack(files: &[File]) -> Result<Vec<u8>, Error> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, options).map_err(Error::internal)?;
        zip.write_all(bytes).map_err(Error::internal)?;
    }
    Ok(zip.finish().map_err(Error::internal)?.into_inner())
}
