"""Runs scripts for the host as root, over virtio serial ports; one at a time over each.

Lines of JSON, each with the id of its command. From the host: "hello"; or "run", the script, then "input", base64, null
at its end. To the host: "alive" as the answer to hello, and every few seconds while a script runs; "out" and "err",
base64; "exit", the code. A host that hangs up, or begins with another command, ends the one before. What arrives for a
command that has ended is dropped.
"""
import base64
import json
import os
import select
import signal
import subprocess
import threading
import time

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
ALIVE_MS = 5000
CHUNK = 32 * 1024
INPUT_LIMIT = 256 * 1024
# A host that is away for longer has hung up.
AWAY_SECONDS = 1
LOOK_SECONDS = 0.02


class Host:
    """Tells when the host comes. While it is away, a wait for the port itself returns at once."""

    def __init__(self, file):
        self.changes = select.epoll()
        # By edges: that the host is still away is no news.
        self.changes.register(file, select.EPOLLIN | select.EPOLLET)

    def wait(self):
        self.changes.poll()


class Command:
    """A script that runs, and what is still to be given to it."""

    def __init__(self, name, script):
        pipe = subprocess.PIPE
        self.name = name
        self.input = b""
        self.input_ends = False
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", script],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
        )
        self.outputs = {self.process.stdout.fileno(): "out", self.process.stderr.fileno(): "err"}
        self.stdin = self.process.stdin.fileno()
        os.set_blocking(self.stdin, False)

    def close_input(self):
        if self.stdin is not None:
            self.process.stdin.close()
            self.stdin = None
        self.input = b""

    def feed(self):
        if self.input:
            try:
                self.input = self.input[os.write(self.stdin, self.input) :]
            except BlockingIOError:
                return
            except OSError:
                # It may end, or stop to read, before it has had all.
                self.close_input()
        if self.input_ends and not self.input:
            self.close_input()

    def close_output(self, file):
        stream = self.process.stdout if self.outputs.pop(file) == "out" else self.process.stderr
        stream.close()

    def abandon(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.close_input()
        for file in list(self.outputs):
            self.close_output(file)
        self.process.wait()


class Shell:
    """One port, and the command that runs over it."""

    def __init__(self, path):
        self.port = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.host = Host(self.port)
        self.received = b""
        self.outgoing = b""
        self.command = None
        self.away_since = None

    def say(self, name, what, content):
        line = {"id": name, what: content}
        self.outgoing += (json.dumps(line) + "\n").encode()

    def hang_up(self):
        if self.command:
            self.command.abandon()
        self.command = None
        self.outgoing = b""

    def take(self, line):
        try:
            message = json.loads(line)
            name = message["id"]
        except (ValueError, KeyError, TypeError):
            # The rest of what an earlier connection was cut off in.
            return
        if "hello" in message:
            self.hang_up()
            self.say(name, "alive", True)
        elif "run" in message:
            self.hang_up()
            self.away_since = None
            self.command = Command(name, message["run"])
        elif self.command and self.command.name == name and "input" in message:
            if message["input"] is None:
                self.command.input_ends = True
            elif self.command.stdin is not None:
                self.command.input += base64.b64decode(message["input"])
            self.command.feed()

    def receive(self):
        try:
            data = os.read(self.port, CHUNK)
        except BlockingIOError:
            return
        self.received += data
        *lines, self.received = self.received.split(b"\n")
        for line in lines:
            self.take(line)

    def send(self):
        try:
            self.outgoing = self.outgoing[os.write(self.port, self.outgoing[:CHUNK]) :]
        except BlockingIOError:
            pass

    def forward(self, file):
        data = os.read(file, CHUNK)
        if data:
            self.say(self.command.name, self.command.outputs[file], base64.b64encode(data).decode())
        else:
            self.command.close_output(file)

    def finish(self):
        code = self.command.process.wait()
        # As shells have it.
        self.say(self.command.name, "exit", code if code >= 0 else 128 - code)
        self.command.close_input()
        self.command = None

    def while_away(self):
        """That the host has gone is told on another queue than what it says, and may come after its next command."""
        if not self.command and not self.outgoing:
            self.host.wait()
            return
        now = time.monotonic()
        self.away_since = self.away_since or now
        if now - self.away_since > AWAY_SECONDS:
            self.hang_up()
        else:
            time.sleep(LOOK_SECONDS)

    def awaited(self):
        """Files, and what to wait for at each. Output waits until the host has taken what came before."""
        command = self.command
        files = {self.port: select.POLLOUT if self.outgoing else 0}
        if not command or len(command.input) < INPUT_LIMIT:
            files[self.port] |= select.POLLIN
        if command and command.input:
            files[command.stdin] = select.POLLOUT
        if command and not self.outgoing:
            files.update(dict.fromkeys(command.outputs, select.POLLIN))
        return files

    def step(self):
        poll = select.poll()
        for file, events in self.awaited().items():
            poll.register(file, events)
        ready = dict(poll.poll(ALIVE_MS))
        at_port = ready.pop(self.port, 0)
        if at_port & select.POLLHUP:
            self.receive()
            self.while_away()
            return
        self.away_since = None
        if at_port & select.POLLIN:
            self.receive()
        if at_port & select.POLLOUT and self.outgoing:
            self.send()
        for file in ready:
            if self.command and file == self.command.stdin:
                self.command.feed()
            elif self.command and file in self.command.outputs and not self.outgoing:
                self.forward(file)
        if self.command and not self.command.outputs:
            self.finish()
        elif self.command and not ready and not at_port and not self.outgoing:
            self.say(self.command.name, "alive", True)

    def serve(self):
        while True:
            self.step()


def open_all(folder):
    """A shell for each of the ports that the machine has for them."""
    return [Shell(f"{folder}/{name}") for name in os.listdir(folder) if name.startswith("kmvm.shell")]


def serve(shells):
    for one in shells:
        threading.Thread(target=one.serve, daemon=True).start()
