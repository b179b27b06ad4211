# SPDX-License-Identifier: Apache-2.0
"""What one core can do at most: signatures (openssl speed), and small answers over the network (nginx)."""
import re
import shutil
import subprocess

import machine
import wrk

ALGORITHMS = {"ES256": "ecdsap256", "RS256": "rsa2048", "EdDSA": "ed25519"}
ANSWER = '{"access_token":"%s","token_type":"Bearer","expires_in":3600,"scope":"read"}' % ("x" * 540)
CONFIGURATION = """daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx.log crit;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path %(dir)s; proxy_temp_path %(dir)s; fastcgi_temp_path %(dir)s; uwsgi_temp_path %(dir)s; scgi_temp_path %(dir)s;
  ssl_protocols TLSv1.3; ssl_session_cache off;
  server { listen 127.0.0.1:%(port)d%(ssl)s; ssl_certificate %(cert)s; ssl_certificate_key %(key)s;
    location / { return 200 '%(answer)s'; } }
}
"""


def speed(alg, seconds=1):
    """Signatures and verifications of a second of CPU time of the server's core."""
    out = subprocess.run(["openssl", "speed", "-seconds", str(seconds), ALGORITHMS[alg]], capture_output=True, text=True, check=True,
                         preexec_fn=machine.on_core(machine.SERVER_CORE)).stdout
    line = next(x for x in reversed(out.splitlines()) if re.search(r"rsa 2048 bits|ecdsa \(nistp256\)|EdDSA \(Ed25519\)", x))
    return float(line.split()[-2]), float(line.split()[-1])


def signatures(alg, seconds=1):
    return speed(alg, seconds)[0]


def signatures_and_checks(alg, seconds=1):
    """Pairs of one signature and one verification."""
    sign, verify = speed(alg, seconds)
    return 1 / (1 / sign + 1 / verify)


def certificate(folder):
    cert, key = folder / "tls.crt", folder / "tls.key"
    if not cert.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                       check=True, capture_output=True)
        key.chmod(0o600)
    return cert, key


class Nginx:
    """One worker on the server's core that answers every request with the same few hundred bytes."""
    def __init__(self, folder, tls):
        self.tls = tls
        self.port = machine.free_port()
        own = folder / ("nginx-tls" if tls else "nginx")
        own.mkdir(exist_ok=True)
        cert, key = certificate(folder)
        text = CONFIGURATION % {"dir": own, "port": self.port, "ssl": " ssl" if tls else "", "cert": cert, "key": key, "answer": ANSWER}
        (own / "nginx.conf").write_text(text)
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        self.process = subprocess.Popen([program, "-c", str(own / "nginx.conf"), "-p", str(own), "-e", str(own / "nginx.log")],
                                        preexec_fn=machine.on_core(machine.SERVER_CORE))
        machine.wait_for_port(self.port, self.process)

    def answers(self, close=False, seconds=1):
        load = wrk.Load("/token", "grant_type=client_credentials&scope=read", basic="bench:" + "s" * 60, close=close)
        return wrk.measure(load, self, seconds, warm=0).per_cpu

    def stop(self):
        machine.stop(self.process)
