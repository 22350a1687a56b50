"""Runs Schemathesis against the real binary, once for each caller, each on a server and a database of its own.

    contract.py BINARY FOLDER SECONDS [CALLER…]
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import requests

from world import HANDLER_PASSWORD, HANDLERS, World

HERE = pathlib.Path(__file__).resolve().parent
# `citizen` follows petitions by code and key; his peer is another citizen, a handler's one of another commune.
CALLERS = ["anonymous", "citizen", "handler", "auditor", "admin"]
AT_ONCE = 3


def main():
    binary, folder, seconds, *callers = sys.argv[1:]
    folder = pathlib.Path(folder).resolve()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(test, binary, folder / who, seconds, who) for who in callers or CALLERS]
        faults = [fault for run in runs if (fault := run.result())]
    if faults:
        sys.exit("\n".join(faults))


def test(binary, folder, seconds, who):
    """None, or what is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = settings(folder, who)
    url = f"http://127.0.0.1:{free_port()}"
    with open(folder / "server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [binary, "serve", "--demo", "--listen", url.removeprefix("http://")], env=environment, stderr=log
        )
    try:
        wait_until_ready(url, server)
        prepare(binary, environment, folder, World(url), who)
        done = schemathesis(folder, seconds, url, who)
    finally:
        server.terminate()
        server.wait(60)
    return verdict(folder, who, done, server.returncode)


def settings(folder, who):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KIENNGHI_", "DATABASE_"))}
    # A template such as postgres://…/contract_{caller}, for databases that were made beforehand.
    database = os.environ.get("KIENNGHI_CONTRACT_DATABASE", f"sqlite:{folder}/contract.db")
    return {
        **kept,
        "DATABASE_URL": database.replace("{caller}", who),
        "KIENNGHI_SECRET": "only for the contract tests, of no worth",
        "KIENNGHI_TOKEN_MINUTES": "60",
        "KIENNGHI_LIMITS_OFF": "true",
        "RUST_LOG": "warn",
    }


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until_ready(url, server):
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}: see server.log")
        try:
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server was not ready within a minute")


def prepare(binary, environment, folder, world, who):
    """People, petitions, tokens; and what the hooks have to know, in files."""
    for name, agency in HANDLERS.items():
        given = ["--username", name, "--full-name", name, "--position", "Chuyên viên", "--agency", agency]
        subprocess.run([binary, "user", "add", *given, "--role", "handler"], env=environment, check=True,
                       input=HANDLER_PASSWORD + "\n", text=True, stdout=subprocess.DEVNULL)
        for state in ("assigned", "in_progress", "awaiting_approval", "answered"):
            world.petition(state, agency, name, name)
    receipts = [[citizen_petition(world, state) for state in STATES] for _ in range(2)]
    tokens = [world.need("POST", "/v1/tracking", None, {"items": mine}).json()["access_token"] for mine in receipts]
    entries = {"citizen": tokens[0], "other-citizen": tokens[1]}
    if who == "handler":
        entries = {name: world.token(name) for name in HANDLERS}
    elif who not in ("anonymous", "citizen"):
        entries = {who: world.token(who)}
    write_config(folder, {} if who == "anonymous" else entries)
    petitions = list(world.pages("/v1/petitions", "coordinator"))
    state = {
        "token": next(iter(entries.values())) if who == "citizen" else None,
        "accounts": {} if who == "citizen" else {token: name for name, token in entries.items()},
        "receipts": receipts[0],
        "people": sorted(world.people),
        "petitions": {key: {petition[key]: petition["state"] for petition in petitions} for key in ("id", "code")},
    }
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")


STATES = ["received"] * 6 + ["awaiting_supplement"] * 6 + ["in_progress"] * 2 + ["answered"] * 6


def citizen_petition(world, state):
    told = world.submit(agency_code="H99.1")
    [found] = world.pages(f"/v1/petitions?code={told['code']}", "coordinator")
    world.drive(found["id"], state, "H99.1", "Lê Văn Xử Lý", "handler")
    return {"code": told["code"], "access_key": told["access_key"]}


def write_config(folder, entries):
    """The settings with the sign-in. Peers are Schemathesis' word for users who may not see each other's objects."""
    config = (HERE / "schemathesis.toml").read_text(encoding="utf-8")
    if entries:
        path = folder / "auth.json"
        headers = [
            {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
            for name, token in entries.items()
        ]
        path.write_text(json.dumps({"auth": headers}), encoding="utf-8")
        first, peers = json.dumps(next(iter(entries))), json.dumps(list(entries))
        config += f'\n[auth.wfc]\npath = "{path}"\nuser = {first}\n' + (f"peers = {peers}\n" if len(entries) > 1 else "")
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")


def schemathesis(folder, seconds, url, who):
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"), "--no-color",
        "--config-file", folder / "schemathesis.toml", "run", f"{url}/openapi.json",
        "--phases", "examples,coverage,fuzzing,stateful", "--mode", "all", "--max-time", seconds,
        "--continue-on-failure",
    ]
    if seed := os.environ.get("KIENNGHI_CONTRACT_SEED"):
        command += ["--seed", seed]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "hooks",
        "KIENNGHI_CONTRACT_URL": url,
        "KIENNGHI_CONTRACT_CALLER": {"handler": "handler-one"}.get(who, who),
        "KIENNGHI_CONTRACT_STATE": str(folder / "state.json"),
    }
    with open(folder / "schemathesis.txt", "w", encoding="utf-8") as out:
        return subprocess.run(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False)


def verdict(folder, who, done, ended):
    told = (folder / "schemathesis.txt").read_text(encoding="utf-8")
    faults = (folder / "server.log").read_text(encoding="utf-8").count("internal fault")
    lines = re.findall(r"^ +\d+ generated.*$|^=+ \d+ .*=$|^=+ No .*=$|^Seed: .*$", told, re.MULTILINE)
    print(f"{who}: " + " · ".join(line.strip(" =") for line in lines) + f" · faults in the log: {faults}", flush=True)
    if done.returncode == 0 and faults == 0 and ended == 0:
        return None
    print(told, flush=True)
    return f"{who}: schemathesis ended with {done.returncode}, the server with {ended}, {faults} faults in its log"


if __name__ == "__main__":
    main()
