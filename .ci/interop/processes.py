"""Starting our programs and Google's message classes on loopback, and ending them again."""
import contextlib
import subprocess


@contextlib.contextmanager
def emulator(turnproof, *arguments):
    """A running `turnproof emulate`; gives its address."""
    command = [turnproof, "emulate", "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if "http://" in line:
                yield line.split("http://")[1].strip()
                return
        raise SystemExit(f"{' '.join(command)} did not say where it listens")
    finally:
        process.terminate()
        process.wait()


def need(holds, what):
    """Stops with a message when something does not hold."""
    if not holds:
        raise SystemExit(f"interoperability: {what}")
