"""Checks the manifests in a folder against the schemas of Kubernetes, and the list of a kustomization against the folder.

Prints the kinds, sorted.
"""

import pathlib
import sys

import kubernetes_validate
import yaml


def main():
    folder = pathlib.Path(sys.argv[1])
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    there = sorted(path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")
    assert sorted(listed) == there, (listed, there)
    version = kubernetes_validate.latest_version()
    kinds = []
    for name in listed:
        for manifest in yaml.safe_load_all((folder / name).read_text()):
            kubernetes_validate.validate(manifest, version, strict=True)
            kinds.append(manifest["kind"])
    print(*sorted(kinds))


if __name__ == "__main__":
    main()
