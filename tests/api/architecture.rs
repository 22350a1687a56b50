//! Dependencies run one way: main → {http, jobs} → app → {domain, store}, store → domain; files stay short.

use std::path::{Path, PathBuf};

use crate::support::{Case, once};

pub(crate) fn cases() -> Vec<Case> {
    once![dependencies_run_one_way, files_stay_short, use_groups_are_seen]
}

/// What a folder (or a file) of `src` must not name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "actix_web",
            "aws_lc_rs",
            "crate::app",
            "crate::config",
            "crate::http",
            "crate::jobs",
            "crate::store",
            "diesel",
            "tokio",
            "tracing",
            "utoipa",
        ],
    ),
    ("store", &["actix_web", "crate::app", "crate::config", "crate::http", "crate::jobs", "utoipa"]),
    ("app", &["actix_web", "crate::http", "crate::jobs", "diesel", "diesel_migrations", "utoipa"]),
    ("http", &["crate::jobs", "diesel", "diesel_migrations"]),
    ("jobs", &["actix_web", "crate::http", "diesel", "diesel_migrations", "utoipa"]),
    ("config.rs", &["actix_web", "crate::http", "crate::jobs", "diesel", "utoipa"]),
    // The program may start the server of actix, not answer requests.
    ("main.rs", &["diesel", "diesel_migrations", "utoipa"]),
];

fn dependencies_run_one_way() {
    let mut faults = Vec::new();
    for (place, forbidden) in FORBIDDEN {
        for file in sources(&root().join(place)) {
            let names = paths(&std::fs::read_to_string(&file).unwrap());
            let bad = |name: &&&str| {
                names.iter().any(|path| path == **name || path.starts_with(&format!("{name}::")))
            };
            faults
                .extend(forbidden.iter().filter(bad).map(|name| format!("{} names {name}", file.display())));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn files_stay_short() {
    let lines = |file: &PathBuf| std::fs::read_to_string(file).unwrap().lines().count();
    let long: Vec<_> = sources(&root()).into_iter().filter(|file| lines(file) > 400).collect();
    assert!(long.is_empty(), "more than 400 lines: {long:#?}");
}

fn use_groups_are_seen() {
    let source = "//! use diesel::a;\nuse crate::{\n    app::{self, x},\n    domain as d,\n};\nlet x = tokio::spawn(y);";
    assert_eq!(
        paths(source),
        ["crate::app::self", "crate::app::x", "crate::domain", "crate", "app", "tokio::spawn"]
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The Rust files of a folder and all below it, or the file itself; none when it does not exist (yet).
fn sources(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| sources(&path))
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

/// Every path a source names: those of its `use` lines with the groups spelled out, then those in the code.
fn paths(source: &str) -> Vec<String> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (start, _) in code.match_indices("use ") {
        let first_word = code[..start].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        if let (true, Some(length)) = (first_word, code[start..].find(';')) {
            spell_out("", &code[start + 4..start + length], &mut found);
        }
    }
    let in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !in_path(c)).filter(|word| word.contains("::"));
    found.extend(words.map(|word| word.trim_matches(':').to_owned()));
    found
}

/// Turns `a::{b, c::{d, e}}` into `a::b`, `a::c::d`, `a::c::e`.
fn spell_out(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let prefix = format!("{prefix}{}", head.trim());
        let group = group.trim_end().strip_suffix('}').unwrap_or(group);
        let mut depth = 0_i32;
        let at_top = |c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        };
        group.split(at_top).for_each(|branch| spell_out(&prefix, branch, found));
    } else if let Some(path) = tree.split_whitespace().next() {
        found.push(format!("{prefix}{path}"));
    }
}
