//! What auditors take along: samples that can be drawn again, dossiers that verify offline, who received personal data.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
};

use kiennghi::{
    app::{caller::Caller, clock::new_id, history::hex, samples::rank, secrets::sha256},
    domain::{
        id::PetitionId,
        vocabulary::{Kind, Role, State, Visibility},
    },
    store::disclosures::{self, Wanted},
};
use serde_json::{Value, json};

use crate::{
    histories::random,
    lists::{agencies, records},
    plans::plans,
    support::{
        Case, TestDb, cases,
        client::{Reply, TestApp},
        given::{self, Given, text},
        once,
        records::Dice,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = cases![
        a_sample_can_be_drawn_again_by_hand,
        a_sample_is_of_what_its_reader_sees,
        a_dossier_verifies_offline,
        a_dossier_tells_nothing_of_the_submitter,
        who_received_whose_data,
    ];
    cases.extend(cases![Sqlite: each_question_to_the_log_has_its_index]);
    cases.extend(once![who_submitted_has_one_door]);
    cases
}

async fn ask(app: &TestApp, token: &str, path: &str) -> Reply {
    app.get(path).token(token).call().await
}

/// The ids of every page of a list.
async fn listed(app: &TestApp, token: &str, path: &str) -> Vec<(PetitionId, Value)> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ask(app, token, &format!("{path}&limit=100{cursor}")).await.expect(200).body;
        for item in page["items"].as_array().unwrap() {
            found.push((item["id"].as_str().unwrap().parse().unwrap(), item.clone()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn a_sample_can_be_drawn_again_by_hand(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    for record in records(&mut Dice::new(5), &agencies, 150) {
        app.record(&record);
    }
    let auditor = app.official("auditor", agencies[0], Role::Auditor, None, Visibility::Restricted);
    let token = app.token(auditor);
    let sample = async |rest: &str| {
        ask(&app, &token, &format!("/v1/samples?seed=48213&{rest}")).await.expect(200).body
    };
    let first = sample("size=20").await;
    let as_of = first["as_of"].as_str().unwrap().to_owned();
    assert_eq!(first["recorded_by"], first["as_of"]);
    let same = format!("size=20&as_of={as_of}&recorded_by={as_of}");
    assert_eq!(sample(&same).await, first, "the same seed and moment");

    // By hand: the population by the list, the hash of each, the smallest first.
    let population = listed(&app, &token, "/v1/petitions?sort=received_at").await;
    assert_eq!(first["population"], json!(population.len()));
    let mut by_hand: Vec<(String, PetitionId)> =
        population.iter().map(|(id, _)| (hex(&sha256(format!("48213:{id}").as_bytes())), *id)).collect();
    by_hand.sort();
    let drawn: Vec<(String, PetitionId)> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["rank"].as_str().unwrap().to_owned(), item["id"].as_str().unwrap().parse().unwrap())
        })
        .collect();
    assert_eq!(drawn, by_hand[..20]);
    assert_eq!(hex(&rank("48213", drawn[0].1)), drawn[0].0);
    let other = ask(&app, &token, &format!("/v1/samples?seed=48214&size=20&as_of={as_of}")).await.expect(200);
    assert_ne!(other.body["items"], first["items"]);

    // Strata share the places by size, and a stratum's draw does not depend on the others.
    for (by, of) in [("agency", "/agency/code"), ("kind", "/kind"), ("field", "/field_code")] {
        let drawn = sample(&format!("size=30&strata={by}&as_of={as_of}")).await;
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        for (_, item) in &population {
            *sizes.entry(item.pointer(of).unwrap().as_str().unwrap().to_owned()).or_default() += 1;
        }
        let mut places = 0;
        for stratum in drawn["strata"].as_array().unwrap() {
            let key = stratum["key"].as_str().unwrap();
            assert_eq!(stratum["population"], json!(sizes[key]), "{by} {key}");
            let exact = 30.0 * sizes[key] as f64 / population.len() as f64;
            let share = stratum["drawn"].as_u64().unwrap();
            assert!((share as f64 - exact).abs() < 1.0, "{by} {key}: {share} of {exact}");
            let mut own: Vec<String> = population
                .iter()
                .filter(|(_, item)| item.pointer(of).unwrap() == key)
                .map(|(id, _)| hex(&rank("48213", *id)))
                .collect();
            own.sort();
            own.truncate(share as usize);
            let got: Vec<&str> = drawn["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|item| item["stratum"] == key)
                .map(|item| item["rank"].as_str().unwrap())
                .collect();
            assert_eq!(got, own);
            places += share;
        }
        assert_eq!((places, drawn["strata"].as_array().unwrap().len()), (30, sizes.len()), "{by}");
    }

    // The filters are those of the lists, and the moment is theirs.
    let overdue = listed(&app, &token, "/v1/overdue?as_of=2026-06-30").await;
    let drawn = sample("size=1000&overdue=true&as_of=2026-06-30").await;
    let ids = |items: &Value| -> BTreeSet<PetitionId> {
        items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
    };
    assert!(!overdue.is_empty());
    assert_eq!(ids(&drawn["items"]), overdue.into_iter().map(|(id, _)| id).collect());
    for wrong in ["size=0", "size=1001", "size=5&strata=weather", "size=5&seed=", "size=5&colour=red"] {
        let path = if wrong.contains("seed") {
            format!("/v1/samples?{wrong}")
        } else {
            format!("/v1/samples?seed=1&{wrong}")
        };
        ask(&app, &token, &path).await.expect(400);
    }
    ask(&app, &token, "/v1/samples?size=5").await.expect(400);
}

async fn a_sample_is_of_what_its_reader_sees(db: TestDb) {
    let given = Given::new(db);
    let (open, sealed) = (given.submitted(Kind::Proposal), given.submitted(Kind::Denunciation));
    let drawn = async |official| {
        let token = given.app.token(official);
        let reply = ask(&given.app, &token, "/v1/samples?seed=x&size=10").await.expect(200);
        assert_eq!(reply.body["population"], json!(reply.body["items"].as_array().unwrap().len()));
        reply.text
    };
    let (auditor, coordinator) = (drawn(given.people.auditor).await, drawn(given.people.coordinator).await);
    assert!(auditor.contains(&open.to_string()) && !auditor.contains(&sealed.to_string()));
    assert!(coordinator.contains(&open.to_string()) && coordinator.contains(&sealed.to_string()));
    let admin = given.app.token(given.people.admin);
    ask(&given.app, &admin, "/v1/samples?seed=x&size=10").await.expect(403);
}

/// The files of a ZIP by name.
pub(crate) fn unpacked(reply: &Reply) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(reply.bytes.to_vec())).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn bytes_of(text: &Value) -> Vec<u8> {
    let digits: Vec<char> = text.as_str().unwrap().chars().collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
}

/// What the readme tells an auditor to do, done; gives how many entries were shown and how many texts were proven.
pub(crate) fn verify(files: &BTreeMap<String, Vec<u8>>) -> (usize, usize) {
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len() + 1, files.len());
    for file in listed {
        let bytes = &files[file["name"].as_str().unwrap()];
        assert_eq!(
            (file["bytes"].as_u64(), &file["sha256"]),
            (Some(bytes.len() as u64), &json!(hex(&sha256(bytes))))
        );
    }
    let mut last = vec![0; 32];
    let mut whole = String::new();
    let mut shown = 0;
    for entry in lines(&files["events.ndjson"]) {
        assert_eq!(bytes_of(&entry["prev_hash"]), last);
        if let Some(canonical) = entry["canonical"].as_str() {
            assert_eq!(json!(hex(&sha256(&[&last, canonical.as_bytes()].concat()))), entry["hash"]);
            whole.push_str(canonical);
            shown += 1;
        }
        last = bytes_of(&entry["hash"]);
    }
    assert_eq!(json!(hex(&last)), manifest["head"]["hash"]);
    let texts = lines(&files["texts.ndjson"]);
    for text in &texts {
        let body = text["body"].as_str().unwrap();
        let digest = hex(&sha256(&[&bytes_of(&text["salt"]), body.as_bytes()].concat()));
        let committed = format!("\"digest\":\"{digest}\",\"text\":{}", text["text"]);
        assert!(whole.contains(&committed), "{text}");
    }
    (shown, texts.len())
}

async fn a_dossier_verifies_offline(db: TestDb) {
    let given = Given::new(db);
    let (ids, _) = random(&given, 12);
    let coordinator = given.app.token(given.people.coordinator);
    let (mut shown, mut proven) = (0, 0);
    for id in ids {
        let path = format!("/v1/petitions/{id}/dossier.zip");
        let reply = ask(&given.app, &coordinator, &path).await.expect(200);
        assert_eq!(reply.field("content-type"), "application/zip");
        let files = unpacked(&reply);
        let (entries, texts) = verify(&files);
        assert_eq!(entries, lines(&files["events.ndjson"]).len(), "whoever sees all is shown all");
        assert!(!files.contains_key("reads.ndjson"), "the log of reads is for auditors");
        shown += entries;
        proven += texts;
        // The same state gives the same bytes, also at another time and in another language.
        let again = given.app.get(&path).token(&coordinator).header("Accept-Language", "en").call().await;
        assert_eq!(again.bytes, reply.bytes);
        let explained: Value = serde_json::from_slice(&files["deadlines.json"]).unwrap();
        let live = ask(&given.app, &coordinator, &format!("/v1/petitions/{id}/deadlines")).await.expect(200);
        assert_eq!(explained["balance"], live.body["balance"]);
    }
    assert!(shown > 100 && proven > 50, "{shown} {proven}");

    // What leads to a petition that the auditor may not see keeps its hashes alone.
    let (id, survivor) = given.merged(Kind::Proposal, State::Classified);
    given.act(&given.people.caller(Role::Coordinator, id), survivor, given::sealing()).unwrap();
    let auditor = given.app.token(given.people.auditor);
    let reply = ask(&given.app, &auditor, &format!("/v1/petitions/{id}/dossier.zip")).await.expect(200);
    let files = unpacked(&reply);
    let (entries, _) = verify(&files);
    assert_eq!(entries + 1, lines(&files["events.ndjson"]).len());
    assert!(files.values().all(|bytes| !String::from_utf8_lossy(bytes).contains(&survivor.to_string())));
    ask(&given.app, &auditor, &format!("/v1/petitions/{survivor}/dossier.zip")).await.expect(404);
    let handler = given.app.token(given.people.handler);
    let assigned = given.petition(Kind::Proposal, State::Assigned);
    ask(&given.app, &handler, &format!("/v1/petitions/{assigned}/dossier.zip")).await.expect(403);
}

async fn a_dossier_tells_nothing_of_the_submitter(db: TestDb) {
    let given = Given::new(db);
    let intake = given.app.token(given.people.intake);
    let body = json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn đường hỏng.", "field_code": "transport",
        "channel": "citizen_reception", "agency_code": "H99.1",
        "location": {"text": "Nhà số 7, hẻm Bí Mật", "latitude": 21.5, "longitude": 105.5},
        "submitter": {"full_name": "Trần Thị Bí Mật", "phone": "0912345678", "address": "Nhà số 7"}});
    let receipt = given.app.post("/v1/petitions").token(&intake).key().json(body).call().await.expect(201);
    let id: PetitionId = receipt.body["id"].as_str().unwrap().parse().unwrap();
    given.turn_to(&given.app.now().to_string());
    given.pass(10);
    for (role, act) in given.people.way(Kind::Feedback, State::Answered) {
        given.act(&given.people.caller(role, id), id, act).unwrap();
    }
    let request = kiennghi::domain::act::ReconsiderationRequest {
        reason: text("Tôi, Trần Thị Bí Mật, chưa hài lòng"),
    };
    given.act(&Caller::Tracker(vec![id]), id, request).unwrap();
    ask(&given.app, &intake, &format!("/v1/petitions/{id}/submitter")).await.expect(200);
    let auditor = given.app.token(given.people.auditor);
    let reply = ask(&given.app, &auditor, &format!("/v1/petitions/{id}/dossier.zip")).await.expect(200);
    let files = unpacked(&reply);
    verify(&files);
    let whole: String = files.values().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    for secret in ["Bí Mật", "0912345678", "Nhà số 7", "21.5", "Ông A"] {
        assert!(!whole.contains(secret), "{secret}");
    }
    for told in ["Đèn đường hỏng.", "Phường trả lời.", "UBND-NC"] {
        assert!(whole.contains(told), "{told}");
    }
    let reads = lines(&files["reads.ndjson"]);
    assert_eq!((reads.len(), &reads[0]["official_id"]), (1, &json!(given.people.intake)));
    assert_eq!(lines(&files["replies.ndjson"])[0]["document"]["number"], "1747");
}

async fn who_received_whose_data(db: TestDb) {
    let given = Given::new(db);
    let (open, sealed) = (given.submitted(Kind::Feedback), given.submitted(Kind::Denunciation));
    let app = &given.app;
    let (intake, coordinator) = (app.token(given.people.intake), app.token(given.people.coordinator));
    for (token, id) in [(&intake, open), (&intake, sealed), (&coordinator, open), (&intake, open)] {
        ask(app, token, &format!("/v1/petitions/{id}/submitter")).await.expect(200);
    }
    let auditor = app.token(given.people.auditor);
    let over_all = app.official("inspector", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let inspector = app.token(over_all);
    let log = async |token: &str, rest: &str| {
        ask(app, token, &format!("/v1/personal-data-reads?{rest}")).await.expect(200).body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["petition_id"].clone(), item["official_id"].clone(), item["what"].clone()))
            .collect::<Vec<_>>()
    };
    let (by_intake, by_coordinator) = (json!(given.people.intake), json!(given.people.coordinator));
    let plain = |id: PetitionId, who: &Value| (json!(id), who.clone(), json!("submitter"));
    let whole = [
        plain(open, &by_intake),
        plain(open, &by_coordinator),
        (json!(sealed), by_intake.clone(), json!("sealed_submitter")),
        plain(open, &by_intake),
    ];
    assert_eq!(log(&inspector, "").await, whole, "the latest first");
    assert_eq!(
        log(&inspector, &format!("petition_id={sealed}")).await,
        [whole[2].clone()],
        "who unsealed whom"
    );
    assert_eq!(
        log(&inspector, &format!("official_id={}", given.people.coordinator)).await,
        [whole[1].clone()]
    );
    assert_eq!(log(&inspector, "client=one-stop").await, []);
    assert_eq!(log(&inspector, "from=2026-11-24").await, []);
    assert_eq!(log(&inspector, "to=2026-11-24").await.len(), 4);
    // Whose petition an auditor may not see, its log he does not see either.
    assert_eq!(log(&auditor, "").await.len(), 3);
    assert_eq!(log(&auditor, &format!("petition_id={sealed}")).await, []);
    let of_petition =
        ask(app, &auditor, &format!("/v1/petitions/{open}/personal-data-reads")).await.expect(200);
    assert_eq!(of_petition.body["items"].as_array().unwrap().len(), 3);
    assert_eq!(of_petition.body["items"][0]["official"]["full_name"], "Cán bộ intake");

    let first = ask(app, &inspector, "/v1/personal-data-reads?limit=3").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(log(&inspector, &format!("limit=3&cursor={cursor}")).await, [whole[3].clone()]);
    ask(app, &auditor, &format!("/v1/personal-data-reads?cursor={cursor}")).await.expect(400);
    ask(app, &inspector, &format!("/v1/personal-data-reads?cursor={cursor}&client=x")).await.expect(400);
    ask(app, &inspector, "/v1/personal-data-reads?from=2026-11-24&to=2026-11-24").await.expect(400);
    ask(app, &inspector, "/v1/personal-data-reads?who=me").await.expect(400);
    ask(app, &coordinator, "/v1/personal-data-reads?who=me").await.expect(403);
}

async fn each_question_to_the_log_has_its_index(db: TestDb) {
    let app = TestApp::new(db);
    let (petition, official) = (new_id(), new_id());
    let place = Some((app.now(), new_id()));
    let questions = [
        ("personal_data_read_petition_id", Wanted { petition: Some(petition), ..Wanted::default() }),
        ("personal_data_read_official_id", Wanted { official: Some(official), ..Wanted::default() }),
        ("personal_data_read_client", Wanted { client: Some("one-stop".to_owned()), ..Wanted::default() }),
        ("personal_data_read_at", Wanted { from: Some(app.now()), ..Wanted::default() }),
        ("personal_data_read_at", Wanted::default()),
    ];
    for (index, wanted) in questions {
        let plans = plans(&app, |tx| disclosures::page(tx, &wanted, place, 20).map(drop));
        assert_eq!(plans.len(), 1);
        assert!(plans[0].contains(index) && !plans[0].contains("TEMP B-TREE"), "{wanted:?}: {}", plans[0]);
    }
}

/// Who submitted a petition is read where it is noted, and where the parts of a split letter keep its submitter.
fn who_submitted_has_one_door() {
    let mut doors = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().contains("/src/store/")
                && std::fs::read_to_string(&path).unwrap().contains("find_submitter(")
            {
                doors.insert(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(doors, BTreeSet::from(["parts.rs".to_owned(), "reading.rs".to_owned()]));
}
