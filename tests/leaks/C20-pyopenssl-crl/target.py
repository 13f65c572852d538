"""CRL().export(): cffi pointers that nobody frees."""

import warnings

from OpenSSL import crypto

warnings.simplefilter("ignore")

key = crypto.PKey()
key.generate_key(crypto.TYPE_RSA, 1024)
certificate = crypto.X509()
certificate.set_serial_number(1)
certificate.get_subject().CN = "unfreed"
certificate.set_issuer(certificate.get_subject())
certificate.gmtime_adj_notBefore(0)
certificate.gmtime_adj_notAfter(3600)
certificate.set_pubkey(key)
certificate.sign(key, "sha256")


def call():
    crypto.CRL().export(certificate, key, digest=b"sha256")
