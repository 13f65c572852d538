"""Sessions of boto3 come and go; the botocore session under them is one and the same."""

import boto3
import botocore.session

shared = botocore.session.Session()


def call():
    boto3.Session(botocore_session=shared)
