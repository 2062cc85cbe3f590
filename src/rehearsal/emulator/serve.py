"""The emulated AWS API of the rehearsal lab: moto's server, made to behave like AWS where a cutover can tell.

    python serve.py --host 10.77.0.1 --port 5000

One port serves the API of all services, S3 by path (``http://HOST:PORT/BUCKET/KEY``, unsigned too), and the control
paths of ``control.py``. Written against moto 5.2.5 exactly (``requirements.txt``): it replaces functions of moto's
inside, and another version may have others.

What each module adds is said at its top: ``dispatch`` and ``iam`` with ``callers_name`` (every call), ``contract`` with ``shapes``, ``documented`` and
``parameters`` (AWS's own model), ``visibility`` (eventual consistency), ``pages``, ``simulate`` (IAM's simulator), ``ec2``, ``images``, ``addresses``,
``security_groups``, ``rds``, ``db_snapshots``, ``elbv2``, ``targets``, ``acm``, ``route53``, ``quotas``; ``state`` keeps what moto has no place for,
``view`` shows the account to the body, ``seed`` makes the account of before the cutover.

Not for anything but rehearsals: no persistence, no authentication by default, one lock around every call.
"""

import argparse
import contextlib
import logging
import os
import signal
import sys
import warnings

# Before moto is imported: its 1287 default images are nobody's here, and cost a second of the first EC2 call.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
# And whatever name the server is reached by, the bucket is in the path.
os.environ.setdefault("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true")


def install():
    """Puts every replacement in place. moto's modules are imported here, which takes most of the start."""
    import lean

    lean.install()
    import acm
    import addresses
    import db_snapshots
    import dispatch
    import ec2
    import elbv2
    import images
    import quotas
    import rds
    import route53
    import security_groups
    import simulate
    import targets
    import visibility

    modules = (
        dispatch, addresses, ec2, images, security_groups, rds, db_snapshots, elbv2, targets, acm, route53, quotas,
        simulate, visibility,
    )
    for module in modules:
        module.install()


def application():
    """The WSGI application: control paths, then moto's services."""
    install()
    from moto.server import DomainDispatcherApplication, create_backend_app

    import control

    return control.with_control(DomainDispatcherApplication(create_backend_app))


def main(arguments):
    parser = argparse.ArgumentParser(description="The emulated AWS API of the rehearsal lab.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5000, help="port to listen on (default: %(default)s)")
    options = parser.parse_args(arguments)

    from moto.server import MotoRequestHandler
    from werkzeug.serving import make_server

    warnings.filterwarnings("ignore", message=".*does not match an error shape")  # AWS has codes its models omit
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line per request says less than GET /plus/calls
    server = make_server(options.host, options.port, application(), threaded=True, request_handler=MotoRequestHandler)
    print(f"listening on http://{options.host}:{server.server_port}", flush=True)
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
