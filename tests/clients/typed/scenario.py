"""What the typed client for Python does while networks and servers do what they do. Tells what it sees as lines of JSON."""

import hashlib
import json
import os
import sys
import threading

from fuelcell_client import ApiError, Client, DigestMismatch, JobNotCompleted, NoAnswer, WaitTimeout


def tell(**told):
    print(json.dumps(told), flush=True)


def probe(name, *steps):
    return {"jobName": name, "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": list(steps)}}


def told(call):
    try:
        call()
    except ApiError as refusal:
        tell(error="ApiError", status=refusal.status, code=refusal.code, errors=refusal.errors, requestId=bool(refusal.request_id))
    except JobNotCompleted as failure:
        tell(error="JobNotCompleted", status=failure.job["status"], code=failure.job["error"]["code"])
    except (NoAnswer, WaitTimeout, DigestMismatch, ValueError, KeyError) as error:
        tell(error=type(error).__name__)


def submit(client):
    tell(job=client.submit(probe("once"))["jobId"])
    dataset = client.upload(b"a,b\n", name="lost.csv")["datasetId"]
    client.delete_dataset(dataset)
    waiting = client.submit(probe("waiting", {"do": "waitForCancel"}))["jobId"]
    client.cancel(waiting, {"reason": "a test"})
    tell(status=client.wait(waiting, check=False)["status"])
    many = client.submit_many([probe("one"), probe("two")])
    tell(queued=many["queued"], replayed=many["replayed"])


def follow(client, job):
    for event in client.events(job):
        tell(id=event.id, event=event.event)
    seen = []
    status = client.wait(job, on_event=lambda event: seen.append(event.event), check=False)["status"]
    tell(status=status, seen=len(seen))


def project(client):
    events = client.events(timeout=60)
    tell(event=next(events).event)
    job = client.submit(probe("heard"))["jobId"]
    for event in events:
        tell(event=event.event, own=event.data["jobId"] == job)
        if event.event == "completed":
            break
    events.close()


def wait(client):
    job = client.submit(probe("short", {"do": "sleep", "milliseconds": 300}))["jobId"]
    tell(status=client.wait(job)["status"])
    told(lambda: client.wait(client.submit(probe("fails", {"do": "fail", "code": "Broken", "message": "no"}))["jobId"]))
    job = client.submit(probe("waits", {"do": "waitForCancel"}))["jobId"]
    told(lambda: client.wait(job, timeout=0.5))
    client.cancel(job)
    tell(status=client.wait(job, check=False)["status"])


def silent(_):
    client = Client.from_environment(patience=60, silence=0.5)
    job = client.submit(probe("waits", {"do": "waitForCancel"}))["jobId"]
    tell(job=job)
    tell(ended=client.wait(job, check=False)["status"] in ("Completed", "Cancelled"))
    tell(heard=[event.event for event in client.events(job)])


def tls(client):
    told(client.system)


def files(client, folder):
    os.chdir(folder)
    told_of = []
    uploaded = client.upload("large.bin", progress=lambda done, total: told_of.append((done, total)))
    tell(digest=uploaded["digest"], size=uploaded["size"], progress=told_of[-1])
    client.download_dataset(uploaded["datasetId"], "dataset.bin")
    job = client.submit(probe("writes", {"do": "artifact", "name": "out/large.bin", "bytes": 3_000_000}))["jobId"]
    client.wait(job)
    whole = client.read(job, "out/large.bin")
    with open("out.bin.part", "wb") as part:
        part.write(whole[:1_000_000])
    client.download(job, "out/large.bin", "out.bin")
    with open("out.bin", "rb") as file:
        tell(same=file.read() == whole, bytes=len(whole), output=hashlib.sha256(whole).hexdigest())
    part = b"".join(client.stream(job, "out/large.bin", start=999_990, stop=2_000_010))
    tell(part=part == whole[999_990:2_000_010], none=b"".join(client.stream(job, "out/large.bin", start=5, stop=5)) == b"")
    with open("odd.bin.part", "wb") as part:
        part.write(b"not what the server has")
    told(lambda: client.download(job, "out/large.bin", "odd.bin"))
    tell(left=sorted(os.listdir()))
    told(lambda: client.read(job, "none"))


def errors(client):
    told(lambda: client.job("01a2272e-dfcc-7026-8e27-959b5938cf9b"))
    told(lambda: client.submit({**probe("odd"), "parameters": {"steps": 3}}))
    told(lambda: client.submit({**probe("odd"), "jobTipe": "x"}))
    address, tenant, where = (os.environ[f"FUELCELL_{name}"] for name in ("SERVER", "TENANT", "PROJECT"))
    told(lambda: next(Client(address, "wrong", tenant, where).jobs()))
    told(lambda: Client("http://127.0.0.1:9", "none", tenant, where, patience=0.1).system())
    told(lambda: Client("fuelcell.example", "none", tenant, where))
    told(lambda: client.dataset(".."))
    told(client.job_types)
    told(lambda: client.request("POST", "webhooks", body={}))


def pages(client, *doomed):
    doomed = list(doomed)
    for count, job in enumerate(client.jobs(pageSize=3)):
        tell(job=job["jobId"])
        if count % 3 == 1:
            client.submit(probe("comes"))
            client.delete_job(doomed.pop()) if doomed else None


def threads(client):
    """Threads share a client and its connections, which the server closes when they rest."""
    def work():
        for _ in range(20):
            client.system()

    workers = [threading.Thread(target=work) for _ in range(8)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    tell(done=True)


with Client.from_environment(patience=60) as fuelcell:
    globals()[sys.argv[1]](fuelcell, *sys.argv[2:])
