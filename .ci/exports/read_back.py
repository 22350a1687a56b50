"""Takes 5,000 rows as a workbook and reads them back with openpyxl: they are those of the NDJSON, cell by cell.

    read_back.py BINARY FOLDER [ROWS]
"""

import datetime
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import time
import zoneinfo

import openpyxl
import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "schemathesis"))
from contract import free_port, settings, wait_until_ready  # noqa: E402

ZONE = zoneinfo.ZoneInfo("Asia/Ho_Chi_Minh")
# Texts that a spreadsheet could take for something else.
TITLES = ["=1+1", "+84 hỏng đèn", "-1", "@SUM(A1)", "'ngõ 7'", "http://example.org/x", "00123", "TRUE", "1e5", "Đèn hỏng"]


def main():
    binary, folder, *rest = sys.argv[1:]
    rows = int(rest[0]) if rest else 5000
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = settings(folder, "exports")
    backlog = folder / "backlog.ndjson"
    backlog.write_text("".join(json.dumps(record(number)) + "\n" for number in range(rows)), encoding="utf-8")
    subprocess.run([binary, "import", backlog, "--create-missing"], env=environment, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{free_port()}"
    with open(folder / "server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [binary, "serve", "--demo", "--listen", url.removeprefix("http://")], env=environment, stderr=log,
            stdout=subprocess.DEVNULL,
        )
    try:
        wait_until_ready(url, server)
        compare(url, folder, rows)
    finally:
        server.terminate()
        server.wait(60)


def record(number):
    """Some open and late, some open and early, some done; times to the second."""
    def at(month, second):
        return f"2026-{month:02}-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:{second:02}+07:00"
    due, closed = [(at(5, 59), None), ("2099-06-01T08:00:00+07:00", None), (at(5, 0), at(4, 1))][number % 3]
    return {
        "source_system": "export", "external_id": str(number), "kind": "feedback", "channel": "hotline",
        "title": f"{TITLES[number % len(TITLES)]} {number}", "content": "Ba đèn liền nhau tắt từ tuần trước.",
        "field_code": f"field_{number % 7}", "agency_code": f"B.{number % 20}", "received_at": at(1, 30),
        "due_at": due, "closed_at": closed, "reply_text": closed and "Đã thay ba bóng đèn.",
    }


def compare(url, folder, rows):
    account = {"username": "auditor", "password": "kiennghi-demo"}
    token = requests.post(f"{url}/v1/sessions", json=account, timeout=30).json()["access_token"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    book = fetch(session, url, folder, {"list": "/v1/petitions", "format": "xlsx"})
    # The same moment for both.
    lines = fetch(session, url, folder, {"list": book["list"], "format": "ndjson"})
    items = [flat(json.loads(line)) for line in lines["file"].read_text(encoding="utf-8").splitlines()]
    workbook = openpyxl.load_workbook(book["file"], read_only=False)
    sheet = workbook["kiennghi"]
    assert sheet.freeze_panes == "A2", sheet.freeze_panes
    heading, *found = sheet.iter_rows()
    names = [cell.value for cell in heading]
    assert len(found) == len(items) == book["rows"] >= rows, (len(found), len(items), book["rows"])
    cells = 0
    for row, item in zip(found, items):
        told = {name: cell.value for name, cell in zip(names, row) if cell.value is not None}
        wanted = {name: as_cell(value) for name, value in item.items()}
        assert told.keys() == wanted.keys(), (told, wanted)
        for name, cell in zip(names, row):
            assert cell.data_type in "sndb", (name, cell.data_type, cell.value)
            assert cell.value == wanted.get(name), (name, cell.value, wanted.get(name))
        cells += len(told)
    print(f"{len(found)} rows, {cells} cells read back by openpyxl {openpyxl.__version__}, equal to the NDJSON")


def fetch(session, url, folder, order):
    """Orders, waits, fetches: the export as it stands, and its file."""
    ordered = session.post(f"{url}/v1/exports", json=order, timeout=30)
    assert ordered.status_code == 202, ordered.text
    address = url + ordered.headers["Location"]
    for _ in range(600):
        export = session.get(address, timeout=30).json()
        if export["state"] not in ("queued", "running"):
            break
        time.sleep(0.2)
    assert export["state"] == "succeeded", export
    answer = requests.get(url + export["download"]["href"], timeout=60)
    answer.raise_for_status()
    assert hashlib.sha256(answer.content).hexdigest() == export["sha256"], export
    file = folder / f"export.{export['format']}"
    file.write_bytes(answer.content)
    return {**export, "file": file}


def flat(item, name=""):
    """Members by the way to them, lists as a whole; what is null is absent."""
    found = {}
    for member, value in item.items():
        path = f"{name}.{member}" if name else member
        if isinstance(value, dict):
            found.update(flat(value, path))
        elif value is not None:
            found[path] = (member, value)
    return found


def as_cell(pair):
    """A member as its cell has it: instants in civil time, days as midnight."""
    member, value = pair
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str) and member.endswith("_at"):
        local = datetime.datetime.fromisoformat(value).astimezone(ZONE).replace(tzinfo=None)
        return local.replace(microsecond=round(local.microsecond, -3) % 1_000_000)
    if isinstance(value, str) and member.endswith("_on"):
        return datetime.datetime.fromisoformat(value)
    return value


if __name__ == "__main__":
    main()
