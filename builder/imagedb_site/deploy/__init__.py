"""Publishes a built site: to a folder, such as a mounted web root, or to GitHub Pages."""

from imagedb_site.deploy.folder import FolderDeployment, deploy_folder
from imagedb_site.deploy.github_pages import PagesDeployment, deploy_github_pages

__all__ = ["FolderDeployment", "PagesDeployment", "deploy_folder", "deploy_github_pages"]
