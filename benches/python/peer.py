"""What a careful Python worker does for the same job files: boto3, aws-xray-sdk, threads.

Each job is a segment of its own; its bucket is looked at, created when it is missing, and its tags
are compared. Usage: peer.py JOB_FILE [THREADS]
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from aws_xray_sdk.core import patch, xray_recorder
from botocore.config import Config
from botocore.exceptions import ClientError

patch(["botocore"])
xray_recorder.configure(sampling=False, context_missing="LOG_ERROR")

REGION = os.environ["AWS_REGION"]
ACCOUNT = os.environ["AWS_ACCOUNT_ID"]


def missing(error, *codes):
    return error.response["Error"]["Code"] in codes


def bucket_job(s3, service, job, defaults):
    name = job["bucket"].replace("{account}", ACCOUNT).replace("{region}", REGION)
    wanted_tags = {**defaults.get("tags", {}), **job.get("tags", {})}
    owner = {"Bucket": name, "ExpectedBucketOwner": ACCOUNT}
    with xray_recorder.in_segment(service) as segment:
        segment.put_annotation("job", job["name"])
        segment.put_annotation("bucket", name)
        changed = False
        try:
            s3.head_bucket(**owner)
        except ClientError as error:
            if not missing(error, "404", "NoSuchBucket"):
                raise
            s3.create_bucket(Bucket=name)
            changed = True
        if wanted_tags:
            try:
                tag_set = s3.get_bucket_tagging(**owner)["TagSet"]
            except ClientError as error:
                if not missing(error, "NoSuchTagSet"):
                    raise
                tag_set = []
            if {tag["Key"]: tag["Value"] for tag in tag_set} != wanted_tags:
                tag_set = [{"Key": key, "Value": value} for key, value in wanted_tags.items()]
                s3.put_bucket_tagging(**owner, Tagging={"TagSet": tag_set})
                changed = True
        segment.put_annotation("outcome", "changed" if changed else "unchanged")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    s3 = boto3.client("s3", region_name=REGION, config=Config(max_pool_connections=threads))
    defaults = jobs.get("defaults", {})
    with ThreadPoolExecutor(threads) as pool:
        work = [pool.submit(bucket_job, s3, jobs["name"], job, defaults) for job in jobs["jobs"]]
        for done in work:
            done.result()


main()
