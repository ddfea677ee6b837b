"""Users and tokens: a user name and password, or a valid token, give a new token. None of these is ever logged."""

from __future__ import annotations

import secrets
import threading
from typing import Any

import grpc
from bosdyn.api import auth_pb2

from simulation.spot_api.rpc.serve import Call, RpcAbortError

OPEN_SERVICES = ("AuthService", "RobotIdService", "PayloadRegistrationService")
"""Services that a client needs before it has a token."""


class Auth:
    """AuthService and the valid tokens. There is one user."""

    def __init__(self, username: str, password: str) -> None:
        self._username, self._password = username, password
        self._lock = threading.Lock()
        self._tokens: dict[str, str] = {}

    def get_auth_token(self, request: Any, response: Any, call: Call) -> None:
        status = auth_pb2.GetAuthTokenResponse
        if request.token:
            with self._lock:
                user = self._tokens.get(request.token)
            if user is None:
                response.status = status.STATUS_INVALID_TOKEN
                return
        else:
            same_name = secrets.compare_digest(request.username.encode(), self._username.encode())
            if not (same_name and secrets.compare_digest(request.password.encode(), self._password.encode())):
                response.status = status.STATUS_INVALID_LOGIN
                return
            user = request.username
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = user
        response.token, response.status = token, status.STATUS_OK

    def user_of(self, method: str, token: str) -> str:
        """The user of a bearer token. RpcAbortError UNAUTHENTICATED if the RPC needs one and it is unknown."""
        with self._lock:
            user = self._tokens.get(token, "")
        if not user and method.split(".")[0] not in OPEN_SERVICES:
            raise RpcAbortError(grpc.StatusCode.UNAUTHENTICATED, "401: no valid token; authenticate first")
        return user

    def forget_all(self) -> None:
        """Make every token invalid, as a reboot does."""
        with self._lock:
            self._tokens.clear()
