"""A mail server on this machine (aiosmtpd) that does as it is told.

Each line of standard input is a way to answer from then on: accept, defer, reject, hang. Standard output says the port, then
each message that was accepted, as JSON: who it is from and to in the envelope, and what the letter says.

Arguments: `--security starttls|tls|none`, and `--certificate` and `--key` for the first two, which then ask for the user and the
password too.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"fuelcell", b"a password"
mode = "accept"


def say(what):
    print(json.dumps(what), flush=True)


def part(letter, kind):
    found = letter.get_body(preferencelist=(kind,))
    return found.get_content() if found else None


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode == "hang":
            await asyncio.sleep(60)
        if mode == "defer":
            return "451 4.7.1 come back later"
        if mode == "reject":
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "headers": [[name, str(value)] for name, value in letter.items()],
            "text": part(letter, "plain"),
            "html": part(letter, "html"),
        })
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=True)


def listen_to_orders():
    global mode
    for line in sys.stdin:
        mode = line.strip()
        say({"mode": mode})


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--security", default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    arguments = parser.parse_args()
    context, options = None, {"hostname": "mail.test"}
    if arguments.security != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)
        options.update(authenticator=authenticate, auth_required=True)
    if arguments.security == "starttls":
        options.update(tls_context=context, require_starttls=True)
    if arguments.security == "tls":
        options.update(auth_require_tls=False)
    wrapped = context if arguments.security == "tls" else None
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), **options), "127.0.0.1", 0, ssl=wrapped
    )
    say({"port": server.sockets[0].getsockname()[1]})
    threading.Thread(target=listen_to_orders, daemon=True).start()
    await server.serve_forever()


asyncio.run(main())
