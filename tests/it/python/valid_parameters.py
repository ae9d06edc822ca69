"""Checks the parameters of a call, read from stdin, by the model of AWS's API that botocore has."""

import json
import sys

import botocore.session
import botocore.validate

service, operation = sys.argv[1:]
model = botocore.session.get_session().get_service_model(service).operation_model(operation)
report = botocore.validate.ParamValidator().validate(json.load(sys.stdin), model.input_shape)
print(report.generate_report())
sys.exit(report.has_errors())
