"""What Elastic Beanstalk wants at the root of its bundle, for the web environment and for the worker's."""
