"""Publishes a built site: to a folder, such as a mounted web root, to a bucket, or to GitHub Pages."""

from imagedb_site.deploy.bucket import BucketDeployment, deploy_bucket
from imagedb_site.deploy.folder import FolderDeployment, deploy_folder
from imagedb_site.deploy.github_pages import PagesDeployment, deploy_github_pages

__all__ = [
    "BucketDeployment",
    "FolderDeployment",
    "PagesDeployment",
    "deploy_bucket",
    "deploy_folder",
    "deploy_github_pages",
]
