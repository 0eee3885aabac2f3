"""Reads figures as Prometheus does (standard input), and checks that each one that the files name is among them.

The parser is that of Prometheus' own client library. Arguments: a file of alert rules and a dashboard of Grafana.
"""

import json
import re
import sys

import yaml
from prometheus_client.parser import text_string_to_metric_families

NAME = re.compile(r"\b(?:fuelcell|http_server|process)_[a-z_]+")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")


def expressions(rules, dashboard):
    """Every expression of both files."""
    for group in yaml.safe_load(rules)["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"], rule
            yield rule["expr"]
    dashboard = json.loads(dashboard)
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def main():
    families = list(text_string_to_metric_families(sys.stdin.read()))
    samples = [sample for family in families for sample in family.samples]
    assert samples, "there are no figures"
    for family in families:
        assert family.documentation, f"{family.name} says nothing of itself"
        assert family.type in ("counter", "gauge", "histogram"), f"{family.name} is {family.type}"
    series = {(sample.name, tuple(sorted(sample.labels.items()))) for sample in samples}
    assert len(series) == len(samples), "a series is there twice"
    served = {sample.name for sample in samples}
    labels = {label for sample in samples for label in sample.labels} | {"instance"}
    with open(sys.argv[1]) as rules, open(sys.argv[2]) as dashboard:
        asked = list(expressions(rules.read(), dashboard.read()))
    for expression in asked:
        names = set(NAME.findall(expression))
        assert names, expression
        assert names <= served, f"{sorted(names - served)} in {expression}"
        named = {label for braces in re.findall(r"\{([^}]*)\}", expression) for label in LABEL.findall(braces)}
        assert named <= labels, f"{sorted(named - labels)} in {expression}"
    print(json.dumps({sample.name: sample.value for sample in samples if not sample.labels}))


main()
