//! Starts the servers on what is open: each ends with the daemon, and its end ends the daemon.

use super::error::Error;
use super::listeners::Opened;
use super::run::Daemon;
use crate::api::{DaemonHandle, Service, metrics};
use crate::http::{Listener, Questions};
use crate::ui::SharedOverview;
use crate::web;

impl Daemon {
    pub(super) fn serve(
        &mut self,
        opened: Opened,
        handle: DaemonHandle,
        questions: Questions,
    ) -> Result<(), Error> {
        self.serve_web(opened.web);
        self.serve_metrics(opened.metrics);
        let service = Service::new(self.backend(), handle, self.hang_up.clone());
        self.serve_overview(opened.ui, &service)?;
        self.serve_socket(opened.socket, service, questions);
        Ok(())
    }

    fn serve_web(&mut self, listener: Option<Listener>) {
        if let (Some(listener), Some(current)) = (listener, &self.web) {
            let (backend, stop) = (self.backend(), self.hang_up.clone());
            let web = web::serve(listener, backend, current.subscribe(), stop);
            self.servers.spawn(web);
        }
    }

    fn serve_metrics(&mut self, listener: Option<Listener>) {
        if let Some(listener) = listener {
            let (figures, stop) = (self.shared.metrics.clone(), self.hang_up.clone());
            self.servers.spawn(metrics::serve(listener, figures, stop));
        }
    }

    fn serve_overview(
        &mut self,
        listener: Option<Listener>,
        service: &Service,
    ) -> Result<(), Error> {
        if let (Some(listener), Some(settings)) = (listener, &self.ui) {
            let overview = SharedOverview::new(listener, service.local(), settings.subscribe());
            let overview = overview.map_err(Error::temporary)?;
            self.servers.spawn(overview.serve(self.hang_up.clone()));
        }
        Ok(())
    }

    fn serve_socket(&mut self, listener: Listener, service: Service, questions: Questions) {
        let socket = service.serve(listener, questions);
        self.servers.spawn_on(socket, self.socket_thread.runtime());
    }
}
