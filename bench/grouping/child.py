"""Makes the calls of the cases in this Python, and writes what the SDK that it finds would send: one JSON line an event.

    child.py new|old CASES.json FOLDER OUTPUT

Runs in an environment of its own, in any Python from 3.8 on, with either client; `record.py` starts it.
"""

import contextlib
import json
import linecache
import os
import signal
import sys
import types
import warnings
import zipfile
import zipimport

SECONDS = 15


def main():
    """Hear every call, and write it down."""
    client, cases, folder, output = sys.argv[1:]
    listening = new_client if client == "new" else old_client
    warnings.simplefilter("ignore")
    with open(cases) as file, open(output, "w") as out:
        for place, case in enumerate(json.load(file)):
            for number, each in enumerate(case["calls"]):
                try:
                    with within(SECONDS):
                        # Nobody remembers the source of another case.
                        bodies = events_of(case, each, f"{folder}/{place}-{number}", listening)
                except Exception as error:
                    sys.stderr.write(f"{case['name']}: {each['expression']}: {type(error).__name__}: {error}\n")
                    continue
                if not bodies:
                    sys.stderr.write(f"{case['name']}: {each['expression']}: nothing was heard\n")
                for body in bodies[:3]:
                    told = {
                        "case": case["name"],
                        "problem": each["problem"],
                        "number": number,
                        "call": each["expression"],
                    }
                    out.write(json.dumps({**told, "body": body}) + "\n")


@contextlib.contextmanager
def within(seconds):
    def give_up(*about):
        raise RuntimeError("took too long")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def events_of(case, how, folder, listening):
    """What the client says of one call."""
    root = how["root"]
    path = folder + root + "/" + how.get("file", case["file"])
    text = "#\n" * how["shift"] + how.get("code", case["code"])
    written(path, text)
    with listening() as client:
        module = loaded(path, text, how, folder)
        client.prepare(module)
        try:
            entry = f"{folder}{root}/{how['script']}" if isinstance(how.get("script"), str) else "<call>"
            if entry != "<call>":
                written(entry, how["expression"])
            eval(compile(how["expression"], entry, "eval"), vars(module))
        except Exception as error:
            if case["own"]:
                raise
            # Not our own calls.
            trace = error.__traceback__.tb_next
            error.__traceback__ = trace if entry != "<call>" else trace.tb_next
            if how.get("libraries"):
                while trace.tb_next and trace.tb_frame.f_code.co_filename in ("<call>", path):
                    trace = trace.tb_next
                error.__traceback__ = trace
            if how.get("sourceless"):
                os.remove(path)
                linecache.clearcache()
            client.capture(error)
        heard = list(client.bodies())
        # What libraries log besides is not what the case is about.
        return heard if case["own"] else [body for body in heard if body["signal_type"] == "exception"]


def written(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    linecache.checkcache(path)


def loaded(path, text, how, folder):
    """The application's module."""
    inner = path[len(folder + how["root"]) + 1 :]
    name = inner[: -len(".py")].replace("/", ".")
    if name.endswith(".__init__"):
        name = name[: -len(".__init__")]
    if how.get("zipped"):
        archive = folder + how["root"] + "/shop.pyz"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(inner, text)
        zipimport._zip_directory_cache.clear()
        sys.modules.pop(os.path.basename(inner)[: -len(".py")], None)
        importer = zipimport.zipimporter(archive + "/" + os.path.dirname(inner))
        return importer.load_module(os.path.basename(inner)[: -len(".py")])
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    exec(compile(text, path, "exec"), vars(module))
    return module


class NewClient:
    def __init__(self, events):
        self._events = events

    def prepare(self, module):
        pass

    def capture(self, error):
        import aiops_sdk

        aiops_sdk.capture_exception(error)

    def bodies(self):
        return list(self._events)


@contextlib.contextmanager
def new_client():
    from aiops_sdk import testing

    with testing.capture_events() as events:
        yield NewClient(events)


class OldClient:
    def __init__(self):
        self._bodies = []

    def prepare(self, module):
        app = getattr(module, "app", None)
        if type(app).__name__ == "Flask":
            from aiops_sdk.integrations.flask import init_flask

            init_flask(app)

    def capture(self, error):
        from aiops_sdk.exceptions import capture_exception

        capture_exception(error)

    def take(self, path, payload):
        self._bodies.append(json.loads(json.dumps(payload)))

    def bodies(self):
        return list(self._bodies)


@contextlib.contextmanager
def old_client():
    import logging

    import aiops_sdk.exceptions
    import aiops_sdk.integrations.flask
    import aiops_sdk.logging_hook

    client = OldClient()
    modules = (aiops_sdk.exceptions, aiops_sdk.logging_hook, aiops_sdk.integrations.flask)
    for module in modules:
        module.send_async = client.take
    handler = aiops_sdk.logging_hook.AIOpsLogHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield client
    finally:
        logging.getLogger().removeHandler(handler)


if __name__ == "__main__":
    main()
