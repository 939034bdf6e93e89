"""Requirements on template.yaml after SAM's transform."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from contract.artifacts import VideoFormat
from contract.limits import GIB, MAX_CLIPS
from contract.operations.img2vid import Img2Vid
from contract.operations.thumbnail import Thumbnail
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.job import CallbackStatus, State
from lambda_api.domain.keys import artifact_key, input_key, manifest_key
from lambda_api.domain.policy import SECOND
from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.domain.uploads.upload import OBJECT_MS
from lambda_api.settings import Secret, Settings
from lambda_api.web.routes import ROUTES
from local.aws.names import TABLE
from local.aws.process import Addresses
from local.aws.s3 import cors
from local.settings import API, CALLBACKS, HOOKS, SWEEPER, Options, lambda_environment
from tests.support.aws import Aws
from tests.support.examples import every_operation_with_all_files
from tests.support.gateway import environment
from tests.support.sam import BIN, FUNCTIONS, ROOT, run, transformed
from tests.support.scripts import script

NVENC = {"AMPERE_16", "AMPERE_24", "ADA_24", "ADA_32_PRO", "AMPERE_48", "ADA_48_PRO", "BLACKWELL_96"}
TABLE_ARN, INDEX = {"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::Sub": "${Table.Arn}/index/owner"}
DUE = {"Fn::Sub": "${Table.Arn}/index/due"}
BUCKET, QUEUE = {"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::GetAtt": ["CallbackQueue", "Arn"]}
MANIFEST = {"Fn::Sub": "${Bucket.Arn}/" + manifest_key("*")}
NAMES = ("output*", "poster.*", "captions.*", "transcript.*", "thumbnail*", "sprite.*", "probe.*")
FILES = [{"Fn::Sub": "${Bucket.Arn}/" + artifact_key("*", name)} for name in NAMES]
READ_FILES, WRITE_FILES = ([(action, key) for key in FILES] for action in ("s3:GetObject", "s3:PutObject"))
INPUTS = [{"Fn::Sub": "${Bucket.Arn}/" + input_key("*", field)} for field in ("captions", "words")]
READ_INPUTS = [("s3:GetObject", key) for key in INPUTS]
CLIENT_FILES = {"Fn::Sub": "${Bucket.Arn}/uploads/*"}
TAKE_UPLOADS = [
    *((action, CLIENT_FILES) for action in ("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload")),
    ("s3:ListBucket", BUCKET),
]
RUNPOD, HOOK, CALLERS = ({"Ref": name} for name in ("RunpodSecret", "HookSecret", "CallersSecret"))

Grant = tuple[str, str]

_LIMITS = ("OWNER_", "JOB_TTL", "EXECUTION", "VIDEO_URL")


def grants(*pairs: tuple[str, dict[str, Any]]) -> set[Grant]:
    return {(action, json.dumps(resource)) for action, resource in pairs}


READ_WRITE = [("dynamodb:GetItem", TABLE_ARN), ("dynamodb:PutItem", TABLE_ARN)]
PROOF = [*READ_FILES, ("s3:GetObject", MANIFEST), ("s3:ListBucket", BUCKET)]
TRANSACT = [("dynamodb:UpdateItem", TABLE_ARN)]
UPLOADS = [*WRITE_FILES, ("s3:PutObject", MANIFEST)]
WAKE = [("sqs:SendMessage", QUEUE)]


def secrets(*which: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    return [("secretsmanager:GetSecretValue", secret) for secret in which]


ALLOWED = {
    "ApiRole": grants(
        *READ_WRITE, *TRANSACT, ("dynamodb:BatchGetItem", TABLE_ARN), ("dynamodb:Query", INDEX),
        *READ_FILES, *UPLOADS, *(("s3:PutObject", key) for key in INPUTS), *READ_INPUTS, *TAKE_UPLOADS, *WAKE,
        *secrets(RUNPOD, HOOK, CALLERS),
    ),
    "WebhookRole": grants(*READ_WRITE, *TRANSACT, *PROOF, *WAKE, *secrets(RUNPOD, HOOK)),
    "SweeperRole": grants(
        *READ_WRITE, *TRANSACT, ("dynamodb:Query", DUE), *PROOF, *UPLOADS, *READ_INPUTS,
        ("s3:GetObject", CLIENT_FILES), *WAKE, *secrets(RUNPOD, HOOK, CALLERS),
    ),
    "CallbacksRole": grants(
        *READ_WRITE, *WAKE, ("sqs:ReceiveMessage", QUEUE), ("sqs:DeleteMessage", QUEUE),
        ("sqs:GetQueueAttributes", QUEUE), *READ_FILES, *secrets(CALLERS),
    ),
    "EndpointRole": grants(*secrets(RUNPOD)),
}  # fmt: skip


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return transformed()


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def variables(resources: dict[str, Any], function: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[function]["Properties"]["Environment"]["Variables"]
    return {name: value for name, value in found.items() if value != {"Ref": "AWS::NoValue"}}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(role: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield action, resource


def test_sam_validate_and_cfn_lint_pass() -> None:
    for command in ((str(BIN / "sam"), "validate"), (str(BIN / "cfn-lint"), "template.yaml")):
        done = run(*command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_function_has_its_entrypoint_role_and_log(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    assert set(functions) == set(FUNCTIONS)
    for name, function in functions.items():
        short = name.removesuffix("Function")
        assert function["Handler"] == f"lambda_api.entrypoints.{FUNCTIONS[name]}.handler"
        assert importlib.util.find_spec(function["Handler"].removesuffix(".handler")), function["Handler"]
        assert function["Role"] == {"Fn::GetAtt": [f"{short}Role", "Arn"]}
        assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{short}Log"}}
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", [{"Ref": "Architecture"}])


@pytest.mark.fault("K8")
@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_roles_grant_exactly_the_required_actions(resources: dict[str, Any], name: str) -> None:
    role = resources[name]["Properties"]
    assert "ManagedPolicyArns" not in role
    log = {"Fn::GetAtt": [f"{name.removesuffix('Role')}Log", "Arn"]}
    expected = ALLOWED[name] | grants(("logs:CreateLogStream", log), ("logs:PutLogEvents", log))
    assert {(action, json.dumps(resource)) for action, resource in statements(role)} == expected


@pytest.mark.fault("K8")
def test_granted_keys_are_those_of_all_artifacts_and_of_nothing_else() -> None:
    """A new artifact needs a grant for its name in the roles of the template."""
    patterns = [grant["Fn::Sub"].partition("/")[2] for grant in FILES]
    url = "https://a.example/file"
    pictures = (Thumbnail(url_video=url, count=count) for count in (1, 3))
    clips = (Img2Vid(images=[url] * MAX_CLIPS, format=ending) for ending in VideoFormat)
    for operation in (*every_operation_with_all_files(), *pictures, *clips):
        for artifact in operation.artifacts():
            assert any(fnmatchcase(artifact_key("job-1", artifact.name), pattern) for pattern in patterns), artifact
    for other in (manifest_key("job-1"), input_key("job-1", "captions"), input_key("job-1", "words")):
        assert not any(fnmatchcase(other, pattern) for pattern in patterns)


@pytest.mark.fault("K7")
def test_function_that_accepts_jobs_is_updated_last(resources: dict[str, Any]) -> None:
    assert set(resources["ApiFunction"]["DependsOn"]) == {"WebhookAlias", "SweeperFunction", "CallbacksFunction"}


@pytest.mark.fault("K8")
def test_no_role_has_a_wildcard(resources: dict[str, Any]) -> None:
    for role in of_type(resources, "AWS::IAM::Role").values():
        for action, resource in statements(role):
            assert "*" not in action
            assert resource != "*"
            # Only a job's id, the number and the format of a file that the job makes, and uploads are wildcards.
            files = r"/uploads/\*|/jobs/\*/((poster|captions|transcript|sprite|probe)\.\*|(output|thumbnail)\*)?"
            assert "*" not in re.sub(files, "", json.dumps(resource))


def test_functions_get_exactly_the_secrets_they_may_read(resources: dict[str, Any]) -> None:
    for function in FUNCTIONS:
        given = {name: value for name, value in variables(resources, function).items() if name.endswith("_SECRET_ARN")}
        allowed = {arn for action, arn in ALLOWED[function.replace("Function", "Role")] if "GetSecret" in action}
        assert {json.dumps(value) for value in given.values()} == allowed
        assert set(given) <= {secret.value for secret in Secret}


def test_no_secret_in_environments_or_outputs(template: dict[str, Any], resources: dict[str, Any]) -> None:
    hidden = {name for name, p in template["Parameters"].items() if p.get("NoEcho")}
    assert hidden == {"RunpodApiKey", "ApiKeySha256", "CallbackSecret"}
    for name, resource in resources.items():
        used = set(re.findall(r'"Ref": "(\w+)"|\$\{(\w+)\}', json.dumps(resource)))
        names = {ref for pair in used for ref in pair}
        assert not names & hidden or resource["Type"] == "AWS::SecretsManager::Secret", name
    assert not hidden & set(re.findall(r"\w+", json.dumps(template["Outputs"])))
    for function in FUNCTIONS:
        plain = {"RUNPOD_API_KEY", "HOOK_SECRET", "API_KEYS", "CALLBACK_SECRETS"}
        assert not plain & set(variables(resources, function))


def test_deploy_does_not_replace_secrets(resources: dict[str, Any]) -> None:
    """Changing these texts would replace secrets that running functions and unfinished jobs use."""
    assert resources["HookSecret"]["Properties"]["GenerateSecretString"] == {
        "PasswordLength": 48, "ExcludePunctuation": True, "ExcludeCharacters": ",",
    }  # fmt: skip
    text, parts = resources["CallersSecret"]["Properties"]["SecretString"]["Fn::Sub"]
    assert text == '{"api_keys": {${Keys}}, "callback_secrets": {${Secrets}}}'
    assert parts["Keys"]["Fn::If"][1:] == [{"Fn::Sub": '"${ApiKeySha256}": "${Owner}"'}, ""]
    assert parts["Secrets"]["Fn::If"][1:] == [{"Fn::Sub": '"${Owner}": ["${CallbackSecret}"]'}, ""]


def test_table_matches_the_one_in_tests(resources: dict[str, Any], aws: Aws) -> None:
    table = resources["Table"]["Properties"]
    local = aws.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert table["KeySchema"] == local["KeySchema"]
    assert table["AttributeDefinitions"] == local["AttributeDefinitions"]
    indexes = [{k: index[k] for k in ("IndexName", "KeySchema", "Projection")}
               for index in local["GlobalSecondaryIndexes"]]  # fmt: skip
    assert table["GlobalSecondaryIndexes"] == indexes


@pytest.mark.fault("K8")
def test_storage_is_encrypted_recoverable_and_expires(template: dict[str, Any], resources: dict[str, Any]) -> None:
    table = resources["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    bucket = resources["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "SSEAlgorithm" in json.dumps(bucket["BucketEncryption"])
    rules = {rule.get("Prefix", ""): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert {"jobs/", "uploads/"} == {prefix for prefix, rule in rules.items() if rule.get("ExpirationInDays")}
    assert rules[""]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    (deny,) = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    # S3 deletes at the first midnight after so many days: no file is deleted under a job that may still read it.
    last_read = OBJECT_MS // SECOND + template["Parameters"]["JobTtlSeconds"]["MaxValue"] + 3600
    assert rules["uploads/"]["ExpirationInDays"] * 86_400 >= last_read
    for name in ("Table", "Bucket"):
        assert (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"]) == ("Delete", "Retain")


@pytest.mark.fault("K8")
def test_poison_messages_reach_the_dead_letter_queue(resources: dict[str, Any]) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    redrive = queues["CallbackQueue"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["CallbackDeadLetters", "Arn"]}
    (mapping,) = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    callbacks = resources["CallbacksFunction"]["Properties"]
    assert queues["CallbackQueue"]["VisibilityTimeout"] >= 6 * callbacks["Timeout"]
    assert callbacks["Timeout"] > 15 * mapping["BatchSize"]
    reserved = callbacks["ReservedConcurrentExecutions"]["Fn::If"][1]
    assert reserved >= mapping["ScalingConfig"]["MaximumConcurrency"]


@pytest.mark.fault("K8")
def test_every_log_has_a_retention(resources: dict[str, Any]) -> None:
    logs = of_type(resources, "AWS::Logs::LogGroup")
    assert len(logs) == len(FUNCTIONS) + 1
    assert all(log["RetentionInDays"] == {"Ref": "LogRetentionDays"} for log in logs.values())


@pytest.mark.fault("K8")
def test_routes_and_access_log_of_the_api(resources: dict[str, Any]) -> None:
    routes = {r["RouteKey"]: r["Target"]["Fn::Sub"] for r in of_type(resources, "AWS::ApiGatewayV2::Route").values()}
    hook = "integrations/${WebhookIntegration}"
    assert routes == {
        "$default": "integrations/${ApiIntegration}",
        "POST /runpod/webhook/{job_id}/{token}": hook,
        "POST /runpod/progress/{job_id}/{token}": hook,
    }
    stage = resources["Stage"]["Properties"]
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert "$context.routeKey" in logged.values()
    assert not {"$context.path", "$context.domainName"} & set(logged.values())
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert set(stage["RouteSettings"]) == set(routes) - {"$default"}
    for integration in of_type(resources, "AWS::ApiGatewayV2::Integration").values():
        assert integration["PayloadFormatVersion"] == "2.0"
        assert integration["IntegrationUri"]["Fn::Sub"].endswith("Function.Arn}:live/invocations")


def test_every_timeout_is_below_the_limit_around_it(resources: dict[str, Any]) -> None:
    seconds = {name: resources[name]["Properties"]["Timeout"] for name in FUNCTIONS}
    assert 25 < seconds["ApiFunction"] < 30
    assert seconds["WebhookFunction"] < 30
    assert seconds["SweeperFunction"] < 60
    assert resources["RunpodEndpoint"]["Properties"]["ServiceTimeout"] > seconds["EndpointFunction"]


def test_local_limits_equal_deployed_limits(template: dict[str, Any], resources: dict[str, Any]) -> None:
    functions = {
        "ApiFunction": API,
        "WebhookFunction": HOOKS,
        "SweeperFunction": SWEEPER,
        "CallbacksFunction": CALLBACKS,
    }
    for name, spec in functions.items():
        assert resources[name]["Properties"]["Timeout"] == spec.timeout, name
    (mapping,) = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    # The local mapping hands over one message at a time, too (tests/local/test_triggers.py).
    assert (mapping["BatchSize"], mapping["ScalingConfig"]["MaximumConcurrency"]) == (1, CALLBACKS.concurrency)
    deployed = environment() | {
        variable: str(template["Parameters"][value["Ref"]]["Default"])
        for variable, value in variables(resources, "ApiFunction").items()
        if isinstance(value, dict) and value.get("Ref") in template["Parameters"] and variable.startswith(_LIMITS)
    }
    assert len(deployed.keys() - environment().keys()) >= 4
    addresses = Addresses("http://127.0.0.1:1", "http://127.0.0.1:1/queue", "http://127.0.0.1:4")

    def local(**options: Any) -> Settings:
        urls = "http://127.0.0.1:2", "http://127.0.0.1:3"
        return Settings.from_env(lambda_environment(Options(**options), addresses, *urls))

    there, here = Settings.from_env(deployed), local()
    assert here.allowance == there.allowance
    assert here.upload_allowance == there.upload_allowance
    for limit in ("job_ttl_ms", "execution_ms", "retention_ms"):
        assert getattr(here.policy, limit) == getattr(there.policy, limit)
    assert here.video_url_seconds == there.video_url_seconds
    assert local(unlimited=True).allowance.burst == 100_000


@pytest.mark.parametrize(
    ("parameter", "variable", "default"),
    [
        ("OwnerRatePerMinute", "OWNER_RATE_PER_MINUTE", Allowance().rate_per_minute),
        ("OwnerBurst", "OWNER_BURST", Allowance().burst),
        ("OwnerJobsInFlight", "OWNER_JOBS_IN_FLIGHT", Allowance().jobs_in_flight),
        ("OwnerUploadsPerHour", "OWNER_UPLOADS_PER_HOUR", UploadAllowance().uploads),
        ("OwnerUploadGibPerDay", "OWNER_UPLOAD_GIB_PER_DAY", UploadAllowance().bytes // GIB),
    ],
)
def test_quota_parameters_are_valid_settings(
    template: dict[str, Any], resources: dict[str, Any], parameter: str, variable: str, default: int
) -> None:
    assert variables(resources, "ApiFunction")[variable] == {"Ref": parameter}
    stated = template["Parameters"][parameter]
    assert stated["Default"] == default
    for bound in ("MinValue", "MaxValue"):
        Settings.from_env(environment() | {variable: str(stated[bound])})


@pytest.mark.fault("K4")
def test_concurrency_is_reserved_for_all_but_the_api(resources: dict[str, Any]) -> None:
    reserved = {name: resources[name]["Properties"].get("ReservedConcurrentExecutions") for name in FUNCTIONS}
    reserved_by = {name: value["Fn::If"] for name, value in reserved.items() if value is not None}
    assert reserved_by == {
        "WebhookFunction": ["UseReserved", 50, {"Ref": "AWS::NoValue"}],
        # One sweep at a time.
        "SweeperFunction": ["UseReserved", 1, {"Ref": "AWS::NoValue"}],
        "CallbacksFunction": ["UseReserved", 5, {"Ref": "AWS::NoValue"}],
    }
    with script("deploy") as deploy:
        assert sum(value[1] for value in reserved_by.values()) == deploy.RESERVED
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert {"ApiThrottlesAlarm", "WebhookThrottlesAlarm", "SweeperThrottlesAlarm"} <= set(alarms)


def test_sweep_runs_every_minute_and_canary_every_10_minutes(resources: dict[str, Any]) -> None:
    rules = {
        rule["ScheduleExpression"]: rule["Targets"][0] for rule in of_type(resources, "AWS::Events::Rule").values()
    }
    assert {rate: target["Arn"]["Fn::GetAtt"][0] for rate, target in rules.items()} == {
        "rate(1 minute)": "SweeperFunction", "rate(10 minutes)": "EndpointFunction",
    }  # fmt: skip


def test_endpoint_resource_sets_every_property(template: dict[str, Any], resources: dict[str, Any]) -> None:
    stated = set(resources["RunpodEndpoint"]["Properties"]) - {"ServiceToken", "ServiceTimeout"}
    assert stated == {
        "Name", "Image", "GpuPools", "WorkersMin", "WorkersMax", "IdleTimeout", "QueueDelay", "FlashBoot",
        "ExecutionTimeoutMs", "ContainerDiskGb", "MinCudaVersion", "RegistryId", "Deployment",
    }  # fmt: skip
    assert resources["RunpodEndpoint"]["Condition"] == "OwnEndpoint"
    pools = template["Parameters"]["GpuPools"]
    assert set(re.findall(r"[A-Z]+_\d+(?:_PRO)?", pools["AllowedPattern"])) == NVENC
    assert re.fullmatch(pools["AllowedPattern"], pools["Default"])


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ("*", True), ("https://a.example", True), ("https://a.example,http://localhost:3000", True),
        ("https://a.example, https://b.example", True), ("a.example", False), ("https://a.example/", False),
        ("", False),
    ],
)  # fmt: skip
def test_cors_origins_are_validated(template: dict[str, Any], given: str, fits: bool) -> None:
    assert bool(re.fullmatch(template["Parameters"]["CorsAllowOrigins"]["AllowedPattern"], given)) is fits


def test_pages_may_use_every_method_of_the_api(resources: dict[str, Any]) -> None:
    methods = {method for route in ROUTES if isinstance(route, APIRoute) for method in route.methods}
    assert methods <= set(resources["HttpApi"]["Properties"]["CorsConfiguration"]["AllowMethods"])


def test_local_bucket_has_the_same_cors_rule(resources: dict[str, Any]) -> None:
    (rule,) = resources["Bucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule == {
        "AllowedMethods": list(cors.METHODS),
        "AllowedOrigins": {"Ref": "CorsAllowOrigins"},
        "AllowedHeaders": list(cors.ALLOWED_HEADERS),
        "ExposedHeaders": list(cors.EXPOSED_HEADERS),
        "MaxAge": cors.MAX_AGE,
    }


def test_dashboard_name_contains_the_region(resources: dict[str, Any]) -> None:
    assert resources["Dashboard"]["Properties"]["DashboardName"] == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}


def test_foreign_endpoint_without_data_raises_no_alarm(resources: dict[str, Any]) -> None:
    missing = resources["EndpointAtZeroAlarm"]["Properties"]["TreatMissingData"]
    assert missing == {"Fn::If": ["OwnEndpoint", "breaching", "notBreaching"]}


@pytest.mark.fault("K8")
def test_every_alarm_reaches_the_alarm_topic(resources: dict[str, Any]) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    short = {name.removesuffix("Function") for name in FUNCTIONS}
    assert {name.removesuffix("Alarm") for name in alarms} == {
        "DeadLetters", "ServerErrors", "SweeperSilent", "JobsOverdue", "CallbacksGivenUp", "SecretUnread",
        "EndpointAtZero", "DispatchRefused", "UnknownStatus",
        *(name + what for name in short for what in ("Errors", "Throttles")),
    }  # fmt: skip
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == {"Fn::If": ["HasAlarmEmail", [{"Ref": "AlarmTopic"}], []]}
    for what in ("Errors", "Throttles"):
        for name in short:
            watched = alarms[f"{name}{what}Alarm"]
            assert (watched["MetricName"], watched["Dimensions"][0]["Value"]) == (what, {"Ref": f"{name}Function"})


@pytest.mark.fault("C3", "C8")
@pytest.mark.parametrize(
    ("name", "metric", "number"),
    [("DispatchRefused", "DispatchRefused", 20), ("UnknownStatus", "ProviderStatusUnknown", 1)],
)
def test_refused_dispatches_and_unknown_statuses_raise_alarms(
    resources: dict[str, Any], name: str, metric: str, number: int
) -> None:
    alarm = resources[f"{name}Alarm"]["Properties"]
    watched = ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold", "TreatMissingData")
    assert [alarm[key] for key in watched] == ["api-gpu", metric, "Sum", 900, 1, number, "notBreaching"]
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_every_alarm_is_on_the_dashboard_and_in_the_costs_table(resources: dict[str, Any]) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    shown = re.findall(r"\$\{(\w+Alarm)\.Arn\}", resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    assert sorted(shown) == sorted(alarms)
    costs = Path(ROOT, "docs", "operations.md").read_text().partition("## Costs")[2].partition("\n## ")[0]
    assert f"| {len(alarms)} alarms (the first ten of an account are free) | {len(alarms) * 0.1:.2f} |" in costs
    rows = [float(usd) for usd in re.findall(r"^\| [^*].*\| ([\d.]+) \|$", costs, re.MULTILINE)]
    assert f"**{sum(rows):.2f}**" in costs


def test_alarm_and_dashboard_metrics_are_sent(resources: dict[str, Any]) -> None:
    body = re.sub(r"\$\{[^}]+\}", "x", resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    drawn = [metric for widget in json.loads(body)["widgets"] for metric in widget["properties"].get("metrics", [])]
    used = {metric[1] for metric in drawn if metric[0] == "api-gpu"}
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    used |= {alarm["MetricName"] for alarm in alarms if alarm.get("Namespace") == "api-gpu"}
    code = "".join(path.read_text() for path in Path(ROOT, "lambda_api").rglob("*.py"))
    sent = set(re.findall(r'"([A-Z]\w+)"', code))
    sent |= {f"Jobs{state.title().replace('_', '')}" for state in State}
    sent |= {f"Callback{status.title().replace('_', '')}" for status in CallbackStatus}
    events = re.findall(r'warn\(\s*"([^"]+)"', code)
    sent |= {"".join(word.capitalize() for word in event.split("_")) for event in events}
    assert used <= sent


def test_every_parameter_has_a_description_and_bounds(template: dict[str, Any]) -> None:
    shown = [name for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
             for name in group["Parameters"]]  # fmt: skip
    assert sorted(shown) == sorted(template["Parameters"])
    bounds = {"AllowedPattern", "AllowedValues", "MinValue"}
    for name, parameter in template["Parameters"].items():
        assert parameter["Description"], name
        assert bounds & set(parameter), name
        assert "Default" in parameter or name == "RunpodApiKey", name
