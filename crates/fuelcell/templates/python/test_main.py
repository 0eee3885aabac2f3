from fuelcell.testing import TestHost

from main import count_words


def test_counts_words(host: TestHost) -> None:
    run = host.parameters({"leastLength": 4}).input("dataset", "the quick brown fox\n").run(count_words)
    assert run.text("count.txt") == "2 words\n"


def test_a_length_is_a_number(host: TestHost) -> None:
    run = host.parameters({"leastLength": "4"}).input("dataset", "").run(count_words)
    assert run.failure.code == "InvalidParameters"
