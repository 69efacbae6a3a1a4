"""What moto lacks of importing images, given to it: tasks, whose snapshots are moto's own, and a filter of images."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami
from moto.ec2.responses import EC2Response
from moto.ec2.utils import random_snapshot_id


def tasks_of(response: EC2Response) -> dict[str, dict[str, Any]]:
    """In moto's own backend, so that they go when moto is reset."""
    return response.ec2_backend.__dict__.setdefault("import_snapshot_tasks", {})


def import_snapshot(self: EC2Response) -> ActionResult:
    """A task goes on for ever, but for one whose description is `done`. The snapshot has no tags, as EC2's."""
    description = self._get_param("Description")
    tags = self._parse_tag_specification().get("import-snapshot-task", {})
    detail = {"Status": "active"}
    if description == "done":
        volume = self.ec2_backend.create_volume(8, f"{self.region}a")
        snapshot = self.ec2_backend.create_snapshot(volume.id, description)
        self.ec2_backend.delete_volume(volume.id)
        detail = {"Status": "completed", "SnapshotId": snapshot.id}
    task = {
        "ImportTaskId": f"import-{random_snapshot_id()}",
        "Description": description,
        "SnapshotTaskDetail": detail,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    tasks_of(self)[task["ImportTaskId"]] = task
    return ActionResult(task)


def describe_import_snapshot_tasks(self: EC2Response) -> ActionResult:
    """No filter is documented by its name."""
    for name in self._filters_from_querystring():
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return ActionResult({"ImportSnapshotTasks": list(tasks_of(self).values())})


def cancel_import_task(self: EC2Response) -> ActionResult:
    task = tasks_of(self).get(self._get_param("ImportTaskId"))
    if task is None or task["SnapshotTaskDetail"]["Status"] != "active":
        raise EC2ClientError("InvalidConversionTaskId", "There is no such task, or it is over")
    task["SnapshotTaskDetail"]["Status"] = "deleted"
    return ActionResult({"ImportTaskId": task["ImportTaskId"], "State": "deleted"})


moto_filter_value = Ami.get_filter_value


def filter_value(self: Ami, filter_name: str, method_name: str | None = None) -> Any:
    if filter_name == "block-device-mapping.snapshot-id":
        return self.ebs_snapshot.id
    return moto_filter_value(self, filter_name, method_name)


def give() -> None:
    for handler in (import_snapshot, describe_import_snapshot_tasks, cancel_import_task):
        setattr(EC2Response, handler.__name__, handler)
    Ami.get_filter_value = filter_value
