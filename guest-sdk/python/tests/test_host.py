"""What the host for tests gives and refuses."""

import csv
import gzip
import io
import json

import pytest

from fuelcell import (
    Cancellation,
    Completion,
    Context,
    Failure,
    Http,
    HttpError,
    Input,
    InvalidRequest,
    Kind,
    Output,
    Report,
    Response,
    Role,
    job,
)


def test_rows_lines_and_bytes_of_an_input(host):
    def read(context: Context) -> None:
        assert list(context.open("dataset").rows()) == [{"a": "1", "b": "x,y"}, {"a": "2", "b": "ä"}]
        assert list(context.open("dataset").lines())[0] == "a,b"
        reader = context.open("dataset")
        assert reader.read(6) == b"\xef\xbb\xbfa,b"
        assert reader.seek(0) == 0
        assert len(reader.read()) == reader.size
        assert list(context.open("zipped/one").rows(delimiter=";")) == [{"a": "1", "b": "2"}]
        assert [(name, one.file_name) for name, one in context.inputs_of("zipped").items()] == [("one", "x.csv.gz")]

    text = '\ufeffa,b\r\n1,"x,y"\r\n\r\n2,ä\r\n'
    run = host.input("dataset", text).input("zipped/one", gzip.compress(b"a;b\n1;2\n"), "x.csv.gz").run(read)
    assert run.failure is None, run.failure


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1\n", "d.csv: line 2 has 1 fields, the first line 2"),
        (b"a,a\n", "d.csv: the first line names 'a' twice"),
        (b"a\n\xff\n", "d.csv is not utf-8: the byte 0xff does not fit"),
        (b'a\n"x', "d.csv: unexpected end of data"),
    ],
)
def test_bad_data_is_a_failure_that_names_the_file(host, content, told):
    run = host.input("dataset", content, "d.csv").run(lambda context: list(context.open("dataset").rows()) and None)
    assert run.failure == Failure("InvalidData", told)


def test_outputs_that_a_manifest_does_not_declare_are_taken_and_named(host):
    @job(title="Surprising", description="Makes more than it declares.", outputs=[Output("Übersicht.txt")])
    def surprising(context: Context) -> None:
        for name in ("U\u0308bersicht.txt", "surprise.txt"):
            context.artifact(name).finish()
        context.artifact("rejected.csv", role=Role.FAILED_RECORDS).finish()

    run = host.run(surprising)
    assert (run.failure, len(run.artifacts), run.undeclared) == (None, 3, {"surprise.txt"})
    assert host.run(lambda context: context.artifact("a.txt").finish()).undeclared == set()


def test_artifacts_take_text_and_bytes_and_are_finished_at_the_end_of_their_block(host):
    def write(context: Context) -> None:
        with context.artifact("rows.csv", Kind.DATA, primary=True, record_count=1) as out:
            csv.writer(out).writerow(["a", "ä"])
        with context.artifact("folder/data.bin", role="failedRecords") as out:
            out.write(b"x" * 200_000)
        with context.artifact("data.json") as out:
            json.dump({"a": 1}, out)
        with pytest.raises(ValueError), context.artifact("thrown.txt"):
            raise ValueError
        context.artifact("begun.txt").write("x")
        context.artifact("thrown.txt").finish()

    run = host.run(write)
    assert run.failure is None, run.failure
    assert (run.text("rows.csv"), run.json("data.json")) == ("a,ä\r\n", {"a": 1})
    assert len(run.data("folder/data.bin")) == 200_000
    described = run.artifacts["folder/data.bin"].description
    assert (described.role, described.title) == (Role.FAILED_RECORDS, "folder/data.bin")
    assert run.unfinished == {"begun.txt", "thrown.txt"}
    with pytest.raises(KeyError, match="there is no artifact 'begun.txt', only"):
        run.text("begun.txt")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "a name is not empty"),
        ("a//b", "no part between slashes is empty"),
        (".hidden", "begins with a dot"),
        ("a\nb", "no control characters"),
        ("a:b", "it has none of"),
        ("NUL.txt", "device's name"),
        ("x" * 256, "at most 255 bytes"),
        ("taken", "there is an output of this name"),
        ("taken/below", "is an output, and so no folder"),
    ],
)
def test_names_that_a_server_refuses_are_refused(host, name, told):
    def write(context: Context) -> None:
        context.artifact("taken").finish()
        with pytest.raises(InvalidRequest, match=told):
            context.artifact(name)

    assert host.run(write).failure is None


def test_limits_of_disk_and_checkpoint_become_failures(host):
    def write(context: Context) -> None:
        with context.artifact("a") as out:
            out.write("x" * 11)

    assert host.disk_bytes(10).run(write).failure == Failure("HostLimit", "disk: 10 bytes")
    failure = host.checkpoint_bytes(3).run(lambda context: context.save_checkpoint(b"1234")).failure
    assert failure == Failure("HostLimit", "checkpoint: 3 bytes")


def test_progress_and_figures_have_bounds(host):
    for wrong in (-1, float("nan"), 1 << 64, "1"):
        failure = host.run(lambda context, wrong=wrong: context.progress(wrong, 1)).failure
        assert failure.code == "ValueError" and "progress is told in numbers" in failure.message
    failure = host.run(lambda context: context.report(Report(records_processed=-1))).failure
    assert "report.records_processed is a whole number" in failure.message


def test_checkpoint_marks_and_cancel_lead_to_the_next_attempt(host):
    def work(context: Context) -> None:
        done = int(context.load_checkpoint() or b"0")
        for item in range(done, 5):
            if context.cancellation() is Cancellation.USER:
                return
            context.save_checkpoint(str(item + 1).encode())
            if not context.seen(str(item)):
                context.mark(str(item))

    first = host.cancel_after_polls(2).run(work)
    assert (first.checkpoint, first.marks) == (b"2", {"0", "1"})
    second = first.next_attempt().run(work)
    assert (second.checkpoint, second.marks) == (b"5", {"2", "3", "4"})
    failure = host.deadline_after_polls(0).run(lambda context: context.check_cancelled()).failure
    assert failure.code == "DeadlineNear"


def test_secrets_are_computed_with_when_the_manifest_asks(host):
    @job(hmac=["KEY"])
    def compute(context: Context, name: str) -> None:
        macs = context.hmac_all(name, ["a", b"b"])
        assert macs[0] == context.hmac(name, "a") and len(macs[1]) == 32

    host = host.secret("KEY", "value").secret("OTHER", "value")
    assert host.parameters({"name": "KEY"}).run(compute).failure is None
    failure = host.parameters({"name": "OTHER"}).run(compute).failure
    assert failure == Failure("InvalidRequest", 'the manifest does not ask for the secret "OTHER": hmac=["OTHER"]')


@job(http=Http(["api.example.com", "*.example.org:8443"], ["TOKEN"]))
def ask(context: Context, url: str, secret: str = "TOKEN") -> None:
    """Asks another host."""
    answer = context.request("get", url, headers={"Authorization": f"Bearer {{{{secret:{secret}}}}}"}, timeout=5)
    with context.artifact("answer.json") as out:
        json.dump([answer.status, answer.json()], out)


def test_requests_go_to_hosts_that_the_manifest_asks_for(host):
    for url in ("https://api.example.com/a?b=1", "https://x.example.org:8443/"):
        asking = host.secret("TOKEN", "t").response(url, Response(200, {}, b"[1]")).parameters({"url": url})
        run = asking.run(ask)
        assert run.failure is None, run.failure
        assert run.json("answer.json") == [200, [1]]
        assert run.requests[0].headers["Authorization"] == "Bearer {{secret:TOKEN}}"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"url": "https://other.example.com/"}, "the manifest does not ask for the host"),
        ({"url": "http://api.example.com/"}, "the manifest does not ask for the host"),
        ({"url": "https://example.org:8443/"}, "the manifest does not ask for the host"),
        ({"url": "https://api.example.com/", "secret": "OTHER"}, "the secret OTHER is not there"),
        ({"url": "https://api.example.com/"}, "the test has no answer for GET"),
    ],
)
def test_other_requests_are_refused(host, parameters, told):
    failure = host.secret("TOKEN", "t").parameters(parameters).run(ask).failure
    assert failure.code == "HttpError" and told in failure.message


def test_inputs_are_checked_by_the_manifest(host):
    @job(inputs=[Input("dataset", required=True), Input("lookups", many=True)])
    def nothing(context: Context) -> None:
        """Does nothing."""

    assert host.run(nothing).failure.code == "DatasetRequired"
    host.input("dataset", "")
    assert host.run(nothing).completion == Completion.done()
    assert host.input("lookups/CON", "").run(nothing).failure.code == "InvalidParameters"
    del host._inputs["lookups/CON"]
    assert host.input("other", "").run(nothing).failure.code == "UnknownInput"


def test_exceptions_and_exits_become_failures(host):
    failure = host.run(lambda context: context.open("none")).failure
    assert failure == Failure("InvalidRequest", "there is no input `none`")

    def divide(context: Context) -> None:
        try:
            context.open("none")
        except InvalidRequest as error:
            raise ValueError("cannot read") from error

    assert host.run(divide).failure.code == "InvalidRequest", "the host's reason is not hidden"
    assert host.run(lambda context: 1 / 0).failure.code == "ZeroDivisionError"
    assert host.run(lambda context: exit_with(0)).completion == Completion.done()
    assert host.run(lambda context: exit_with("no luck")).failure == Failure("Exit", "no luck")


def exit_with(code):
    raise SystemExit(code)


def test_http_errors_have_the_words_of_the_host(host):
    host.secret("TOKEN", "t").response("https://api.example.com/", HttpError("connection-timeout", "too late"))
    failure = host.parameters({"url": "https://api.example.com/"}).run(ask).failure
    assert failure == Failure("HttpError", "too late")


def test_a_reader_is_a_binary_file(host):
    def read(context: Context) -> None:
        reader = context.open("dataset")
        reader.seek(-2, io.SEEK_END)
        assert (reader.tell(), reader.read()) == (2, b"cd")
        assert list(context.open("dataset")) == [b"abcd"]

    assert host.input("dataset", b"abcd").run(read).failure is None
