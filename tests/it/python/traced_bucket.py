"""A program on the official X-Ray SDK, as its guide shows it: a segment, and in it a bucket."""

import sys

import boto3
from aws_xray_sdk.core import patch, xray_recorder

patch(["botocore"])
with xray_recorder.in_segment("python worker"):
    boto3.client("s3").create_bucket(Bucket=sys.argv[1])
