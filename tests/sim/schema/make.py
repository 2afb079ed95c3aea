#!/usr/bin/env python3
"""Makes the tables beside this script from the published Python API client of Authentik.

    pip download --no-deps -d DIR authentik-client==2026.8.5     # and so on, a package for each table
    python3 make.py DIR

The client is generated from the API schema of the release it is named after. Its source is parsed, never imported.
Take exact releases only: versions with `.postN` are builds of the development branch, and before 2024.12.2 nothing
else was published. One release stands for its line: 2026.5.0 says the same as 2026.5.6, and 2026.8.0 the same as
2026.8.5, but that the flows of a provider in `/providers/all/` may be null from 2026.8.1 on.

`compared.json` is not made here: it holds what was compared once with the API schema of older releases, by name.

A field is `TYPE`, with `!` if it is required and `?` if it may be null. Types: bool, int, number, text, uuid, time,
date, any, object, `[TYPE]` for lists, `{TYPE}` for objects with free keys, `A|B`, or the name of a model or enumeration.
"""

import ast
import json
import pathlib
import re
import sys
import zipfile

# What the program asks and the simulator answers.
PATHS = """
/admin/settings/ /admin/version/ /root/config/
/core/applications/ /core/applications/{slug}/ /core/applications/{slug}/check_access/
/core/brands/ /core/brands/current/ /core/brands/{brand_uuid}/
/core/groups/ /core/groups/{group_uuid}/ /core/groups/{group_uuid}/add_user/ /core/groups/{group_uuid}/remove_user/
/core/tokens/ /core/tokens/{identifier}/ /core/tokens/{identifier}/set_key/ /core/tokens/{identifier}/view_key/
/core/transactional/applications/
/core/users/ /core/users/me/ /core/users/service_account/ /core/users/{id}/
/crypto/certificatekeypairs/ /crypto/certificatekeypairs/generate/ /crypto/certificatekeypairs/{kp_uuid}/
/flows/instances/ /flows/instances/{slug}/
/managed/blueprints/
/policies/bindings/ /policies/bindings/{policy_binding_uuid}/
/propertymappings/all/ /propertymappings/provider/scope/ /propertymappings/provider/scope/{pm_uuid}/
/providers/all/ /providers/oauth2/ /providers/oauth2/{id}/ /providers/oauth2/{id}/setup_urls/
/providers/proxy/ /providers/proxy/{id}/
/rbac/permissions/ /rbac/permissions/assigned_by_roles/{uuid}/assign/
/rbac/roles/ /rbac/roles/{uuid}/ /rbac/roles/{uuid}/add_user/
""".split()

PLAIN = {
    "StrictBool": "bool", "bool": "bool", "StrictInt": "int", "int": "int", "StrictStr": "text", "str": "text",
    "StrictFloat": "number", "float": "number", "UUID": "uuid", "datetime": "time", "date": "date", "Any": "any",
    "object": "any",
}


def written(node):
    """An annotation as a type of the table, and whether it is Optional."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return written(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Name):
        return PLAIN.get(node.id, node.id), False
    if not isinstance(node, ast.Subscript):
        raise ValueError(ast.dump(node))
    of, inner = node.value.id, node.slice
    if of == "Optional":
        return written(inner)[0], True
    if of == "Annotated":
        return written(inner.elts[0])
    if of == "List":
        return f"[{written(inner)[0]}]", False
    if of == "Dict":
        value = written(inner.elts[1])[0]
        return "object" if value == "any" else f"{{{value}}}", False
    if of == "Union":
        kinds = {written(kind)[0] for kind in inner.elts}
        return "number" if kinds == {"number", "int"} else "|".join(sorted(kinds)), False
    raise ValueError(of)


def enumeration(cls):
    """The values of an enumeration; those of StrEnum and of int ones alike."""
    constants = (node.value for node in cls.body if isinstance(node, ast.Assign))
    return [value.value for value in constants if isinstance(value, ast.Constant)]


def nullable(cls):
    """Fields for which `to_dict` keeps a null."""
    found = set()
    for node in ast.walk(cls):
        if isinstance(node, ast.If) and isinstance(node.test, ast.BoolOp):
            first = node.test.values[0]
            asks = isinstance(first, ast.Compare) and isinstance(first.ops[0], ast.Is)
            if asks and isinstance(first.left, ast.Attribute):
                found.add(first.left.attr)
    return found


def fields(cls, unions):
    """The fields of a model; one of several models, of which the body itself says which, is any object."""
    nulls, table = nullable(cls), {}
    for node in cls.body:
        if not isinstance(node, ast.AnnAssign) or node.target.id.startswith(("_", "model_config")):
            continue
        kind, _ = written(node.annotation)
        name, required = node.target.id, node.value is None
        if isinstance(node.value, ast.Call):
            given = {keyword.arg: keyword.value for keyword in node.value.keywords}
            required = "default" not in given
            name = given["alias"].value if "alias" in given else name
        table[name] = ("object" if kind in unions else kind) + "!" * required + "?" * (node.target.id in nulls)
    return table


class Package:
    """One downloaded package."""

    def __init__(self, file):
        self.zip = zipfile.ZipFile(file)
        self.version = re.match(r"authentik_client-([^-]+)-", file.name).group(1)
        self.classes, self.unions = {}, set()
        for name in self.zip.namelist():
            if re.fullmatch(r"authentik_client/models/\w+\.py", name):
                for node in ast.parse(self.zip.read(name)).body:
                    if isinstance(node, ast.ClassDef):
                        self.classes[node.name] = node
                        targets = (getattr(part, "target", None) for part in node.body)
                        if any(getattr(target, "id", "") == "one_of_schemas" for target in targets):
                            self.unions.add(node.name)

    def operations(self):
        """Method and path of everything in PATHS, with its query, body and answers."""
        found = {}
        for name in self.zip.namelist():
            if not re.fullmatch(r"authentik_client/api/\w+_api\.py", name):
                continue
            for cls in ast.parse(self.zip.read(name)).body:
                if isinstance(cls, ast.ClassDef):
                    methods = {node.name: node for node in cls.body if isinstance(node, ast.FunctionDef)}
                    for title, function in methods.items():
                        serialize = methods.get(f"_{title}_serialize")
                        if serialize:
                            found.update(self.operation(function, serialize))
        order = {path: number for number, path in enumerate(PATHS)}
        return dict(sorted(found.items(), key=lambda item: (order[item[0].split()[1]], item[0])))

    def operation(self, function, serialize):
        """One operation; nothing if its path is not in use."""
        calls = [node for node in ast.walk(serialize) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        call = next(call for call in calls if call.func.attr == "param_serialize")
        given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in call.keywords}
        if given["resource_path"] not in PATHS:
            return {}
        kinds = {arg.arg: written(arg.annotation) for arg in function.args.args[1:] if not arg.arg.startswith("_")}
        operation = {"query": {}}
        for call in calls:
            if getattr(call.func.value, "id", "") == "_query_params":
                name, value = call.args[0].elts
                variable = next(part.id for part in ast.walk(value) if isinstance(part, ast.Name))
                operation["query"][name.value] = kinds[variable][0]
        for node in ast.walk(serialize):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_body_params":
                operation["body"] = kinds[node.value.id][0] + "!" * (not kinds[node.value.id][1])
        assigned = (node for node in ast.walk(function) if isinstance(node, ast.AnnAssign))
        answers = next(node.value for node in assigned if getattr(node.target, "id", "") == "_response_types_map")
        statuses = zip(answers.keys, answers.values)
        # Refusals are named alike everywhere and say nothing about the object.
        operation["answers"] = {key.value: self.answer(value.value) for key, value in statuses if key.value < "300"}
        return {f"{given['method']} {given['resource_path']}": operation}

    @staticmethod
    def answer(name):
        return name and written(ast.parse(name, mode="eval").body)[0]

    def table(self):
        """The table: operations, and every model and enumeration they lead to."""
        operations = self.operations()
        used = [[o.get("body"), *o["answers"].values(), *o["query"].values()] for o in operations.values()]
        waiting = re.findall(r"[A-Z]\w+", json.dumps(used))
        models, enums = {}, {}
        while waiting:
            name = waiting.pop()
            if name in models or name in enums:
                continue
            cls = self.classes[name]
            if any(getattr(base, "id", "") == "Enum" for base in cls.bases):
                enums[name] = enumeration(cls)
            else:
                models[name] = fields(cls, self.unions)
                waiting += re.findall(r"[A-Z]\w+", " ".join(models[name].values()))
        return operations, dict(sorted(models.items())), dict(sorted(enums.items()))

    def write(self, folder):
        """The table as a file, a line for each operation, model and enumeration."""
        source = f"Python package authentik-client {self.version}, generated from the API schema of this release"
        head = {"release": self.version, "source": source}
        lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
        for title, part in zip(("operations", "models", "enums"), self.table()):
            rows = ",\n".join(f'  "{name}": {json.dumps(row, separators=(",", ":"))}' for name, row in part.items())
            lines.append(f'"{title}": {{\n{rows}\n}}')
        (folder / f"{self.version}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    for wheel in sorted(pathlib.Path(sys.argv[1]).glob("authentik_client-*.whl")):
        Package(wheel).write(pathlib.Path(__file__).parent)
