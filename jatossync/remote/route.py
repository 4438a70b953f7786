"""The way to the server: which authorities are trusted, and through which proxy it goes."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import certifi

from jatossync.errors import ConfigError

_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_PROXY_VARIABLES_HTTP = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True)
class Route:
    """How to get there; by default directly, trusting what this computer trusts."""

    ca_file: str | None = None
    """Certificates (PEM) of authorities that are trusted too."""
    proxy: str | None = None
    """The address of an HTTP proxy. Those of the environment are never used by themselves."""
    unused: str = ""
    """The variable of the environment that names a proxy, where none is configured."""

    @classmethod
    def of(
        cls, server: str, ca_file: str | None, proxy: str | None, environ: Mapping[str, str]
    ) -> Route:
        """As configured."""
        names = _PROXY_VARIABLES if server.startswith("https:") else _PROXY_VARIABLES_HTTP
        unused = next((name for name in names if environ.get(name)), "") if proxy is None else ""
        return cls(ca_file, proxy, unused)

    def tls(self, scheme: str) -> ssl.SSLContext:
        """
        Trust what this computer trusts (a university's own authority is in its store), and more.

        Raises:
            ConfigError: `ca_file` cannot be read, or holds no certificate.
        """
        if scheme == "http" and not (self.proxy or "").startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # not used; loads no certificates
        context = ssl.create_default_context()
        if sys.platform == "darwin":  # python.org's Python does not see the keychain
            context.load_verify_locations(certifi.where())
        if self.ca_file is not None:
            self._trust(context, self.ca_file)
        return context

    @staticmethod
    def _trust(context: ssl.SSLContext, ca_file: str) -> None:
        try:
            context.load_verify_locations(ca_file)
        except ssl.SSLError as exc:
            raise ConfigError(
                f"tls.ca_file: {ca_file} holds no certificate",
                "It must be in the form PEM: text with -----BEGIN CERTIFICATE----- in it.",
            ) from exc
        except OSError as exc:
            raise ConfigError(
                f"tls.ca_file: {ca_file} cannot be read: {exc.strerror}",
                "Name a file with the certificate of the authority, in the form PEM.",
            ) from exc


_NOT_VALID_YET, _EXPIRED = 9, 10
_SELF_SIGNED = (18, 19)
_UNKNOWN_ISSUER = (20, 21)
_OTHER_NAME = (62, 64)
"""Of OpenSSL's verification results (X509_V_ERR_…)."""


def certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, and what to do."""
    match error.verify_code:
        case code if code == _NOT_VALID_YET:
            return "it is not valid yet; is this computer's clock wrong?"
        case code if code == _EXPIRED:
            return "it has expired; its administrator must renew it (or this clock is wrong)"
        case code if code in (*_SELF_SIGNED, *_UNKNOWN_ISSUER):
            kind = "self-signed" if code in _SELF_SIGNED else "from an authority not known here"
            return f"it is {kind}; if that is right, name the authority's file as `tls: ca_file`"
        case code if code in _OTHER_NAME:
            return "it is for another name; is `server:` right?"
    return error.verify_message
