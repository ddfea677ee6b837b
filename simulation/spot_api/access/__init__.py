"""What a client needs before it may command: certificate, token, directory, time synchronisation, keepalive."""
