"""How to run it elsewhere than on this machine: docs/DEPLOY.md."""
