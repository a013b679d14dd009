"""A callback that does nothing, for callbacks that do one thing; and one of these."""


class Silent:
    """A callback whose hooks do nothing; a subclass overrides those that it needs."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass


class StopsAfterAnEpoch(Silent):
    """Interrupts a fit, which then holds what it has resolved and one epoch."""

    def on_fit_task_end(self, estimator, context):
        raise KeyboardInterrupt
