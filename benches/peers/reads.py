"""The reads of a converged run with Python's requests: one session, so one connection, one request after another."""

import json
import os

import requests

host = os.environ["AUTHENTIK_HOST"]
session = requests.Session()
session.trust_env = False
session.verify = os.environ["AUTHENTIK_CA_FILE"]


def get(url, **options):
    answer = session.get(url, timeout=30, allow_redirects=False, **options)
    answer.raise_for_status()
    return answer


def api(path, **query):
    token = {"Authorization": "Bearer " + os.environ["AUTHENTIK_TOKEN"]}
    return get(f"{host}/api/v3/{path}/", params=query, headers=token).json()


def expect(holds, what):
    if not holds:
        raise SystemExit(what)


expect(api("core/users/me")["user"]["is_superuser"], "the token's user is no administrator")
expect(api("admin/version")["version_current"], "no version")
mappings = {m["pk"] for m in api("propertymappings/provider/scope", page_size=100)["results"]}
provider = api("providers/oauth2", client_id="netbird", page_size=100)["results"][0]
keys = {k["pk"] for k in api("crypto/certificatekeypairs", has_key="true", page_size=100)["results"]}
expect(api("core/brands/current")["flow_device_code"], "no device code flow")
with open(os.path.join(os.environ["SETUP_DIR"], "state.json"), encoding="utf-8") as state:
    application = json.load(state)["installation"]["application"]
expect("results" in api("policies/bindings", target=application, page_size=100), "no bindings")
expect(provider["client_type"] == "public", "the client is not public")
expect(provider["signing_key"] in keys, "there is no such signing key")
expect(mappings.issuperset(provider["property_mappings"]), "there is no such mapping")

discovery = get(f"{host}/application/o/netbird/.well-known/openid-configuration").json()
expect(discovery["issuer"] == f"{host}/application/o/netbird/", "wrong issuer")
expect(any(k["kty"] == "RSA" for k in get(discovery["jwks_uri"]).json()["keys"]), "no RSA key")
