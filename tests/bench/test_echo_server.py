import socket

from harness.bench.echo_server import echo_server


def test_what_is_sent_comes_back_until_the_block_ends() -> None:
    with echo_server() as port:
        with socket.create_connection(("127.0.0.1", port), 10) as near:
            near.sendall(b"one two")
            assert near.recv(100) == b"one two"
        address = ("127.0.0.1", port)
    with socket.socket() as near:
        assert near.connect_ex(address) != 0
